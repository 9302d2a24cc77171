import type { NetAddress } from './address.js'
import type { NetSettings } from './net-options.js'

/**
 * Nothing is secured, or left unsecured, without being said twice: in the address and in the options.
 *
 * @throws TypeError when they differ.
 */
export function checkScheme({ scheme }: NetAddress, address: string, { tls }: NetSettings): void {
  if (scheme === 'tls' && tls === undefined) {
    throw new TypeError(
      `${address} needs net({ secret }) or net({ tls }): say how the two sides prove who they are`,
    )
  }
  if (scheme !== 'tls' && tls !== undefined) {
    const instead = scheme === 'tcp' ? `write tls${address.slice('tcp'.length)}, or ` : ''
    throw new TypeError(
      `net({ ${tls.option} }) is for tls:// addresses, got ${address}: ${instead}use a net() without ${tls.option}`,
    )
  }
}
