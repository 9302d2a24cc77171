import type { Connection } from '@ipc/core'
import { net, sessionOf } from '@ipc/net'
import { proxyTo } from '../fixtures/proxy-to.js'

/** What came of a stream through a network that cuts. */
export interface CutStream {
  readonly cuts: number
  /** How often the session went on; a cut may meet a socket that is not one yet. */
  readonly resumes: number
  /** Messages in each direction. */
  readonly messages: number
}

/** Sends numbers until it is told to stop, in batches as large as the connection takes; returns how many. */
async function sendUntil(connection: Connection<number, number>, isOver: () => boolean): Promise<number> {
  let number = 0
  while (!isOver()) {
    if (!connection.send(number++)) await connection.drained()
    else if (number % 20 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  return number
}

/** Receives until the end; every number has to be the next one. Returns how many came. */
async function receiveAll(connection: Connection<number, number>): Promise<number> {
  let expected = 0
  for await (const number of connection) {
    if (number !== expected) throw new Error(`${number} came in place of ${expected}`)
    expected++
  }
  return expected
}

/**
 * Numbered messages in both directions through a proxy that resets the connection at random moments, so many times in all.
 *
 * @throws Error when one is lost, repeated or out of order, in either direction.
 */
export async function streamThroughCuts(cuts: number, seed: number): Promise<CutStream> {
  const transport = net({ reconnect: { firstMs: 1, longestMs: 4 }, silenceMs: 0 })
  const limits = { highWaterMarkBytes: 8192 }
  const listener = await transport.listen<number, number>('tcp://127.0.0.1:0', limits)
  const { proxy, address } = await proxyTo(listener.address, seed)
  try {
    const [client, server] = await Promise.all([
      transport.connect<number, number>(address, limits),
      listener.accept(),
    ])
    const cutter = proxy.cutRandomly({ meanMs: 3 })
    let isOver = false
    const streams = Promise.all([sendUntil(client, () => isOver), sendUntil(server, () => isOver)])
    const received = Promise.all([receiveAll(client), receiveAll(server)])
    await Promise.race([cutter.reached(cuts), received])
    isOver = true
    cutter.stop()
    const sent = await streams
    await Promise.all([client.close(), server.close()])
    const [toClient, toServer] = await received
    if (toServer !== sent[0] || toClient !== sent[1]) {
      throw new Error(`sent ${sent.join(' and ')} messages, ${toServer} and ${toClient} came`)
    }
    return { cuts: cutter.count, resumes: sessionOf(client)?.resumes ?? 0, messages: Math.min(...sent) }
  } finally {
    await proxy.close()
    await listener.close()
  }
}
