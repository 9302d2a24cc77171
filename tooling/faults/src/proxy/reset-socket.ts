import type { Socket } from 'node:net'

/**
 * End a socket by RST; what it was to write is lost. A Unix socket has no such thing: it is closed, which its peer sees as
 * `ECONNRESET` only if it had sent bytes that nobody has read.
 */
export function resetSocket(socket: Socket): void {
  if (socket.destroyed) return
  // The peer may have accepted it already.
  if (socket.connecting) socket.once('connect', () => resetSocket(socket))
  // Of a TCP socket that is not connected any more, nobody waits for an RST; a Unix socket has no address.
  else if (socket.remoteAddress === undefined) socket.destroy()
  else if (!socket.writableEnded || socket.writableFinished) socket.resetAndDestroy()
  // In the turn in which FIN is sent, libuv refuses to reset.
  else if (socket.writableLength === 0) socket.once('finish', () => resetSocket(socket))
  else socket.destroy()
}
