import { Socket, type SocketConstructorOpts } from 'node:net'
import { readBuffer } from './read-buffer.js'

/** Takes what such a socket reads: `source[0, length)`, until it returns. */
type OnBytes = (source: Uint8Array, start: number, end: number) => void

/** The part of Node's sockets that is not documented: what one reads through, and the server that counts it. */
interface Inside {
  _handle: { useUserBuffer?: unknown; reading?: boolean } | null
  _server?: unknown
  server?: unknown
}

const readers = new WeakMap<Socket, { onBytes: OnBytes }>()

/**
 * Give an accepted socket, of which nothing has been read, a buffer into which it reads again and again. Node does so only
 * for sockets that it opens itself: `accepted` has to give its handle to another one. Where this Node is made differently,
 * it is returned as it is.
 *
 * @returns the socket to use from now on, paused.
 */
export function withReadBuffer(accepted: Socket): Socket {
  const before = accepted as unknown as Inside
  const handle = before._handle
  if (typeof handle?.useUserBuffer !== 'function' || handle.reading === true || accepted.destroyed)
    return accepted
  const buffer = readBuffer()
  const reader: { onBytes: OnBytes } = { onBytes() {} }
  const options = {
    handle,
    allowHalfOpen: accepted.allowHalfOpen,
    pauseOnCreate: true,
    onread: {
      buffer,
      callback(length: number): boolean {
        reader.onBytes(buffer, 0, length)
        return true
      },
    },
  }
  const socket = new Socket(options as SocketConstructorOpts)
  const after = socket as unknown as Inside
  after._server = before._server
  after.server = before.server
  before._handle = null
  before._server = null
  readers.set(socket, reader)
  return socket
}

/** Have `onBytes` take what an accepted socket reads. */
export function onAcceptedBytes(socket: Socket, onBytes: OnBytes): void {
  const reader = readers.get(socket)
  if (reader === undefined) socket.on('data', (chunk: Buffer) => onBytes(chunk, 0, chunk.length))
  else reader.onBytes = onBytes
}
