import { isIP, isIPv4, isIPv6 } from 'node:net'

/** `tcp://host:port`, or `tls://host:port` */
export interface TcpAddress {
  readonly scheme: 'tcp' | 'tls'
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

/** `pipe:name` */
export interface PipeAddress {
  readonly scheme: 'pipe'
  /** Of the named pipe, below `\\\\.\\pipe\\`. */
  readonly name: string
}

/** A checked address. */
export type NetAddress = TcpAddress | UnixAddress | PipeAddress

const SUPPORTED = 'tcp://host:port, tls://host:port, unix:/path and pipe:name'

const HOST_NAME = /^(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?$/i
const LOOKS_NUMERIC = /^[\d.]+$/
const HOST_AND_PORT = /^(tcp|tls):\/\/(?:\[([^\]]*)\]|([^[\]:/?#@]*)):(\d{1,5})$/
/** Windows takes up to 256 characters, and any but a backslash; these need no quoting anywhere. */
const PIPE_NAME = /^[\w.-]{1,200}$/
const MAPPED_IPV4 = /^::ffff:([\d.]+)$/i

/**
 * Read an address, strictly: nothing is guessed, nothing ignored.
 *
 * @throws TypeError when it is none.
 */
export function parseAddress(text: string): NetAddress {
  if (typeof text !== 'string') throw new TypeError(`address must be a string, got ${typeof text}`)
  const scheme = /^([a-z]+):/.exec(text)?.[1]
  if (scheme === 'tcp' || scheme === 'tls') return parseTcp(scheme, text)
  if (scheme === 'unix') return parseUnix(text)
  if (scheme === 'pipe') return parsePipe(text)
  throw new TypeError(`address must be one of ${SUPPORTED}, got ${JSON.stringify(text)}`)
}

/** `tcp://host:port` or `tls://host:port`, IPv6 in brackets. */
export function formatTcp(host: string, port: number, scheme: TcpAddress['scheme'] = 'tcp'): string {
  return isIPv6(host) ? `${scheme}://[${host}]:${port}` : `${scheme}://${host}:${port}`
}

/** `unix:/path` */
export function formatUnix(path: string): string {
  return `unix:${path}`
}

/** `pipe:name` */
export function formatPipe(name: string): string {
  return `pipe:${name}`
}

/** The IPv4 address within an IPv6 address that stands for one. */
export function ipv4Within(ip: string): string | undefined {
  return MAPPED_IPV4.exec(ip)?.[1]
}

/** Whether packets to this IP address never leave the machine. */
export function isLoopback(ip: string): boolean {
  if (isIPv4(ip)) return ip.startsWith('127.')
  const mapped = ipv4Within(ip)
  if (mapped !== undefined) return isLoopback(mapped)
  return ip === '::1' || /^(?:0{1,4}:){7}0{0,3}1$/.test(ip)
}

function parseTcp(scheme: TcpAddress['scheme'], text: string): TcpAddress {
  const match = HOST_AND_PORT.exec(text)
  if (match === null)
    throw new TypeError(`address must be ${scheme}://host:port, got ${JSON.stringify(text)}`)
  const [, , bracketed, plain = '', digits] = match
  const host = bracketed ?? plain
  const valid = bracketed === undefined ? isHost(host) : isIPv6(host)
  if (!valid) throw new TypeError(`${JSON.stringify(host)} is not a host, in ${JSON.stringify(text)}`)
  const port = Number(digits)
  if (port > 65_535) throw new TypeError(`port must be at most 65535, in ${JSON.stringify(text)}`)
  return { scheme, host, port }
}

function isHost(host: string): boolean {
  if (isIP(host) !== 0) return true
  return host.length <= 253 && !LOOKS_NUMERIC.test(host) && HOST_NAME.test(host)
}

function parseUnix(text: string): UnixAddress {
  const path = text.slice('unix:'.length)
  if (path.startsWith('@') || path.startsWith('\0')) {
    throw new TypeError(
      `abstract Unix sockets have no owner and no mode: use a path, got ${JSON.stringify(text)}`,
    )
  }
  if (!path.startsWith('/') || path.endsWith('/') || path.includes('\0')) {
    throw new TypeError(`Unix address must be unix: and an absolute path, got ${JSON.stringify(text)}`)
  }
  return { scheme: 'unix', path }
}

function parsePipe(text: string): PipeAddress {
  const name = text.slice('pipe:'.length)
  if (PIPE_NAME.test(name)) return { scheme: 'pipe', name }
  throw new TypeError(`pipe name must be 1 to 200 letters, digits or . _ -, got ${JSON.stringify(text)}`)
}
