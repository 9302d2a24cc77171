import { bytes, type Codec, type Connection } from '@ipc/core'

/** What the first byte of a message asks the peer of a measurement to do. */
export const ECHO = 0
/** Count it. */
export const COUNT = 1
/** Say how many were counted since the last time, as a float of 64 bits. */
export const REPORT = 2

/** What measurements send. */
export const BENCH_CODEC: Codec<Uint8Array> = bytes()

/** Be the peer of a measurement until the other side closes. */
export async function servePeer(connection: Connection<Uint8Array>): Promise<void> {
  let counted = 0
  connection.onMessage((message) => {
    if (message[0] === COUNT) counted++
    else if (message[0] === ECHO) connection.send(message)
    else {
      connection.send(new Uint8Array(Float64Array.of(counted).buffer))
      counted = 0
    }
  })
  await connection.closed
}
