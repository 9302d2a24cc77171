import { bytes, type Connection, serve } from '@ipc/core'
import { mq } from '@ipc/mq'
import { fromBuffer } from '@ipc/shm'
import type { StreamOrder, StreamPart, StreamResult, StreamTransport } from './part.js'

type Link = Connection<Uint8Array>

/** A message of no bytes says that these were all. */
const END = new Uint8Array(0)

/** Send streams to the other worker, over shared memory or over a port, as the page asks. */
export async function sendStreams({ buffer, port }: StreamPart, page: Connection): Promise<void> {
  const [shm, ports] = await Promise.all([
    fromBuffer<Uint8Array>(buffer, { codec: bytes() }),
    mq().connect<Uint8Array>(port),
  ])
  const links: Record<StreamTransport, Link> = { shm, ports }
  serve(page, (body) => {
    const { over, bytes: size, count } = body as StreamOrder
    return stream(links[over], size, count)
  })
}

async function stream(link: Link, size: number, count: number): Promise<StreamResult> {
  const message = new Uint8Array(size).fill(7)
  const start = performance.now()
  for (let i = 0; i < count; i++) {
    if (!link.send(message)) await link.drained()
  }
  link.send(END)
  const reply = await link.receive()
  const seconds = (performance.now() - start) / 1000
  return { seconds, arrived: new DataView(reply.buffer, reply.byteOffset).getUint32(0) }
}

/** Take streams, and say of each how many messages it had. */
export async function answerStreams({ buffer, port }: StreamPart, page: Connection): Promise<void> {
  const listener = await mq().listen<Uint8Array>(port)
  const [shm, ports] = await Promise.all([
    fromBuffer<Uint8Array>(buffer, { codec: bytes() }),
    listener.accept(),
  ])
  for (const link of [shm, ports]) answer(link)
  serve(page, () => undefined)
}

function answer(link: Link): void {
  let arrived = 0
  link.onMessage((message) => {
    if (message.length > 0) {
      arrived++
      return
    }
    const reply = new Uint8Array(4)
    new DataView(reply.buffer).setUint32(0, arrived)
    arrived = 0
    link.send(reply)
  })
}
