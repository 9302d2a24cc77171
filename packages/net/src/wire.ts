import { connect, type NetConnectOpts, type Socket } from 'node:net'
import { onAcceptedBytes } from './accepted-socket.js'
import { readBuffer } from './read-buffer.js'

/** Silence after which the kernel asks a TCP peer's kernel whether it is still there. */
const KEEP_ALIVE_MS = 15_000
/** How long a last frame may take to leave. */
const FAREWELL_MS = 2000

/** Socket options that both sides have: an end of the peer's sends must not end ours, and batches are not held back. */
export const SOCKET_OPTIONS: {
  readonly allowHalfOpen: boolean
  readonly noDelay: boolean
  readonly keepAlive: boolean
  readonly keepAliveInitialDelay: number
} = { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS }

/** Whoever is in charge of a socket at the moment: the handshake, then the link, then nobody. */
export interface SocketReader {
  /** `source[start, end)` has come in. The memory is reused after return, unless the socket is paused. */
  bytes(source: Uint8Array, start: number, end: number): void
  /** The peer sends no more bytes. */
  fin(): void
  /** The socket is of no use any more. */
  broke(error: Error | undefined): void
}

/** A socket whose events go to one reader at a time. */
export interface Wire {
  readonly socket: Socket
  reader: SocketReader
}

/** Start to connect, by `open`. */
export function dialWire(
  target: NetConnectOpts,
  reader: SocketReader,
  open: (options: NetConnectOpts) => Socket = connect,
): Wire {
  const buffer = readBuffer()
  const onread = {
    buffer,
    callback(length: number): boolean {
      wire.reader.bytes(buffer, 0, length)
      return true
    },
  }
  const wire: Wire = { socket: open({ ...target, ...SOCKET_OPTIONS, onread }), reader }
  listenTo(wire)
  return wire
}

/** Take over an accepted socket. */
export function acceptWire(socket: Socket, reader: SocketReader): Wire {
  const wire: Wire = { socket, reader }
  onAcceptedBytes(socket, (source, start, end) => wire.reader.bytes(source, start, end))
  listenTo(wire)
  return wire
}

/** What remains of a connection nobody wants: its events go nowhere. */
export const NOBODY: SocketReader = { bytes() {}, fin() {}, broke() {} }

/**
 * Send `frame` as the last one and leave, without keeping the process alive for it. What still comes in is read and
 * dropped: closing a socket with unread bytes makes the kernel throw away what was sent.
 */
export function leave(wire: Wire, frame: Buffer): void {
  const { socket } = wire
  wire.reader = { ...NOBODY, fin: () => socket.destroy() }
  destroyInTime(socket)
  socket.unref()
  socket.end(frame)
  socket.resume()
}

/** Close the connection once what was written has left: both sides have said all. A peer that does not read cannot hold it. */
export function finish(wire: Wire): void {
  wire.reader = NOBODY
  destroyInTime(wire.socket)
  wire.socket.destroySoon()
}

/** Drop the connection at once, and tell the peer's kernel that it was not in order. */
export function reset(wire: Wire): void {
  wire.reader = NOBODY
  // Node resets only what it opened itself, and under TLS that is the socket below.
  if ('encrypted' in wire.socket) wire.socket.destroy()
  else wire.socket.resetAndDestroy()
}

/** Drop the connection at once. */
export function drop(wire: Wire): void {
  wire.reader = NOBODY
  wire.socket.destroy()
}

function destroyInTime(socket: Socket): void {
  const timer = setTimeout(() => socket.destroy(), FAREWELL_MS).unref()
  socket.once('close', () => clearTimeout(timer))
}

function listenTo(wire: Wire): void {
  let error: Error | undefined
  wire.socket
    .on('end', () => wire.reader.fin())
    .on('error', (cause) => {
      error = cause
      wire.reader.broke(cause)
    })
    .on('close', () => wire.reader.broke(error))
}
