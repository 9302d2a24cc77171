import type { ConnectionToxic } from '../toxic.js'

/**
 * Everything that the listener gets from the dialer it also gets over a second connection, which begins and ends with the
 * first. What it sends over the second one is lost.
 */
export function duplicateConnection(): ConnectionToxic {
  return { name: 'duplicateConnection' }
}
