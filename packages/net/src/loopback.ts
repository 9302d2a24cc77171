import { lookup as resolve } from 'node:dns'
import { lookup } from 'node:dns/promises'
import { isIP, type LookupFunction } from 'node:net'
import { IpcError } from '@ipc/core'
import { isLoopback, type TcpAddress } from './address.js'

/** Messages travel unencrypted: without `insecure: true` they do not leave the machine. */
function offLoopbackError(host: string, ip: string): IpcError {
  const what = host === ip ? ip : `${host} (${ip})`
  return new IpcError(
    'IPC_PERMISSION_DENIED',
    `${what} is not a loopback address, and tcp:// does not encrypt: use tls:// with net({ secret }) or net({ tls }), or ` +
      'net({ insecure: true }) in a network where everybody is trusted',
    { details: { host, ip } },
  )
}

/** The IP address to bind. */
export async function resolveToBind({ host }: TcpAddress, insecure: boolean): Promise<string> {
  const ip = isIP(host) === 0 ? (await lookup(host)).address : host
  if (!insecure && !isLoopback(ip)) throw offLoopbackError(host, ip)
  return ip
}

/** Refuse an IP address that may not be connected to; names are judged by {@link guardedLookup}. */
export function checkDialed({ host }: TcpAddress, insecure: boolean): void {
  if (!insecure && isIP(host) !== 0 && !isLoopback(host)) throw offLoopbackError(host, host)
}

/** Looks a host name up and refuses it unless every address it has may be connected to. */
export function guardedLookup(insecure: boolean): LookupFunction {
  return (host, options, callback) => {
    resolve(host, options, (error, address, family) => {
      const found = typeof address === 'string' ? [address] : (address ?? []).map((entry) => entry.address)
      const outside = insecure ? undefined : found.find((ip) => !isLoopback(ip))
      callback(outside === undefined ? error : offLoopbackError(host, outside), address, family)
    })
  }
}
