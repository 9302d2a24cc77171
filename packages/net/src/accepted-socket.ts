import type { Socket } from 'node:net'
import { readBuffer } from './read-buffer.js'

/** Takes what a socket reads: `source[start, end)`, until it returns. */
type OnBytes = (source: Uint8Array, start: number, end: number) => void

/**
 * Have `onBytes` take what an accepted socket reads. From its first bytes on it reads into the same memory again and
 * again, as one does that was opened with `onread`: Node offers that to none that is accepted, and under TLS only on the
 * dialing side. Where this Node is made differently, it goes on as it is.
 */
export function onAcceptedBytes(socket: Socket, onBytes: OnBytes): void {
  let readsHere = false
  socket.on('data', (chunk: Buffer) => {
    onBytes(chunk, 0, chunk.length)
    // Not while there are bytes that it has read before: they would come after the next ones.
    if (!readsHere && socket.readableLength === 0) readsHere = readInto(socket, readBuffer(), onBytes)
  })
}

/** What the option `onread` does, in the part of Node's sockets that is not documented. Returns whether it could. */
function readInto(socket: Socket, buffer: Buffer, onBytes: OnBytes): boolean {
  const inside = socket as unknown as Record<symbol, unknown> & {
    readonly _handle: { useUserBuffer?(buffer: Buffer): void } | null
  }
  const fields = Object.getOwnPropertySymbols(inside)
  const memory = fields.find(({ description }) => description === 'kBuffer')
  const callback = fields.find(({ description }) => description === 'kBufferCb')
  const handle = inside._handle
  if (memory === undefined || callback === undefined || typeof handle?.useUserBuffer !== 'function')
    return false
  inside[memory] = buffer
  inside[callback] = (length: number): boolean => {
    onBytes(buffer, 0, length)
    return true
  }
  handle.useUserBuffer(buffer)
  return true
}
