import type { Socket } from 'node:net'

/**
 * Whether the end that a TCP socket just told of was an RST. What libuv reads together with an RST it follows with an end,
 * as if there had been a FIN; but a socket that was reset has no peer any more. Nor has one with FIN in both directions: when
 * this side has ended, an RST that was read together with bytes passes for a FIN. To be asked once, at the event: Node.js
 * keeps the name of a peer.
 */
export function wasReset(socket: Socket): boolean {
  return !socket.writableEnded && socket.localPort !== undefined && socket.remotePort === undefined
}
