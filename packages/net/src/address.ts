import { isIP, isIPv4, isIPv6 } from 'node:net'
import { IpcError } from '@ipc/core'

/** `tcp://host:port` */
export interface TcpAddress {
  readonly scheme: 'tcp'
  /** IPv4 or IPv6 address (without brackets), or a host name. */
  readonly host: string
  /** 0 asks the system to choose, in `listen` only. */
  readonly port: number
}

/** `unix:/path` */
export interface UnixAddress {
  readonly scheme: 'unix'
  readonly path: string
}

/** A checked address. */
export type NetAddress = TcpAddress | UnixAddress

const SUPPORTED = 'tcp://host:port and unix:/path'

/** Schemes that this version knows of and cannot serve: asking for one is no mistake of the caller. */
const UNSERVED = new Map([
  ['tls', 'this version does not encrypt'],
  ['pipe', 'this version has no named pipes'],
])

const HOST_NAME = /^(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?$/i
const LOOKS_NUMERIC = /^[\d.]+$/

/**
 * Read an address, strictly: nothing is guessed, nothing ignored.
 *
 * @throws TypeError when it is none.
 * @throws IpcError `IPC_NOT_SUPPORTED` for `tls:` and `pipe:`.
 */
export function parseAddress(text: string): NetAddress {
  if (typeof text !== 'string') throw new TypeError(`address must be a string, got ${typeof text}`)
  const scheme = /^([a-z]+):/.exec(text)?.[1]
  if (scheme === 'tcp') return parseTcp(text)
  if (scheme === 'unix') return parseUnix(text)
  const missing = scheme === undefined ? undefined : UNSERVED.get(scheme)
  if (missing !== undefined) {
    throw new IpcError('IPC_NOT_SUPPORTED', `${text}: ${missing}, it serves ${SUPPORTED}`, {
      details: { address: text },
    })
  }
  throw new TypeError(`address must be one of ${SUPPORTED}, got ${JSON.stringify(text)}`)
}

/** `tcp://host:port`, IPv6 in brackets. */
export function formatTcp(host: string, port: number): string {
  return isIPv6(host) ? `tcp://[${host}]:${port}` : `tcp://${host}:${port}`
}

/** `unix:/path` */
export function formatUnix(path: string): string {
  return `unix:${path}`
}

/** Whether packets to this IP address never leave the machine. */
export function isLoopback(ip: string): boolean {
  if (isIPv4(ip)) return ip.startsWith('127.')
  const mapped = /^::ffff:([\d.]+)$/i.exec(ip)?.[1]
  if (mapped !== undefined) return isLoopback(mapped)
  return ip === '::1' || /^(?:0{1,4}:){7}0{0,3}1$/.test(ip)
}

function parseTcp(text: string): TcpAddress {
  const match = /^tcp:\/\/(?:\[([^\]]*)\]|([^[\]:/?#@]*)):(\d{1,5})$/.exec(text)
  if (match === null) throw new TypeError(`TCP address must be tcp://host:port, got ${JSON.stringify(text)}`)
  const [, bracketed, plain = '', digits] = match
  const host = bracketed ?? plain
  const valid = bracketed === undefined ? isHost(host) : isIPv6(host)
  if (!valid) throw new TypeError(`${JSON.stringify(host)} is not a host, in ${JSON.stringify(text)}`)
  const port = Number(digits)
  if (port > 65_535) throw new TypeError(`port must be at most 65535, in ${JSON.stringify(text)}`)
  return { scheme: 'tcp', host, port }
}

function isHost(host: string): boolean {
  if (isIP(host) !== 0) return true
  return host.length <= 253 && !LOOKS_NUMERIC.test(host) && HOST_NAME.test(host)
}

function parseUnix(text: string): UnixAddress {
  const path = text.slice('unix:'.length)
  if (!path.startsWith('/') || path.endsWith('/') || path.includes('\0')) {
    throw new TypeError(`Unix address must be unix: and an absolute path, got ${JSON.stringify(text)}`)
  }
  return { scheme: 'unix', path }
}
