import { parentPort } from 'node:worker_threads'
import { bytes, type Codec } from '@ipc/core'
import { type Broker, connectQueue, createBroker, type MessageQueue, mq, mqProcess } from '@ipc/mq'
import { type Figure, WARM_UP_SECONDS } from '../bench-case.js'
import type { Pair } from '../pair/pair.js'

const NAME = 'bench'
/** Batches that are sent before the first of them is answered. */
const SENDERS = 4

/** How messages go through a queue. */
export interface QueueShape {
  readonly messageBytes: number
  /** Messages sent by one call. */
  readonly batch: number
  /** Messages sent and not handled. */
  readonly underWay: number
  /**
   * Messages that are in the queue before it begins. They stay as many: each batch that was handled makes for one that is
   * sent. @default 0
   */
  readonly waiting?: number
  /**
   * A handler, whose messages are acknowledged when it returns; or a loop that acknowledges one by one and does not wait
   * for it. @default 'handler'
   */
  readonly consumer?: 'handler' | 'loop'
  /** @default 'bytes': what is sent is bytes */
  readonly codec?: 'bytes' | 'msgpack'
}

/** A queue and its users in one thread. */
export const queueInProcess: Pair<QueueShape> = {
  far: 'thread',
  fars: 0,
  async runNear({ seconds }, shape) {
    const { waiting = 0 } = shape
    const broker = createBroker({ queues: { [NAME]: { maxMessages: waiting + 100_000, maxBytes: 2 ** 32 } } })
    const queue = await broker.queue<Uint8Array>(NAME, { codec: codecOf(shape) })
    await fill(queue, shape)
    const figures = await measureQueue(queue, seconds, shape)
    await broker.close()
    return figures
  },
  async runFar() {},
}

/** A queue in a worker thread, or in a child process; its users are in the near side. */
export const queueOverWorker: Pair<QueueShape> = hosted('thread')
export const queueOverChild: Pair<QueueShape> = hosted('process')

function hosted(where: 'thread' | 'process'): Pair<QueueShape> {
  return {
    far: where,
    async runNear({ fars, seconds }, shape) {
      const { control, worker, child } = fars[0]!
      await control.hear()
      const connection = worker === undefined ? await mqProcess().connect(child!) : await mq().connect(worker)
      const queue = await connectQueue<Uint8Array>(connection, NAME, { codec: codecOf(shape) })
      const figures = await measureQueue(queue, seconds, shape)
      await queue.close()
      await connection.close()
      control.tell('done')
      return figures
    },
    async runFar({ control }) {
      const broker = createBroker({ queues: { [NAME]: {} } })
      await serve(broker)
      control.tell('listening')
      await control.hear()
      await broker.close()
    },
  }
}

async function serve(broker: Broker): Promise<void> {
  const listener = parentPort === null ? await mqProcess().listen(process) : await mq().listen(parentPort)
  broker.serve(listener)
}

/** `undefined`: what queues have by default. */
function codecOf({ codec = 'bytes' }: QueueShape): Codec<Uint8Array> | undefined {
  return codec === 'bytes' ? bytes() : undefined
}

/** Let messages wait in the queue. */
async function fill(queue: MessageQueue<Uint8Array>, shape: QueueShape): Promise<void> {
  const { waiting = 0, messageBytes } = shape
  const messages = Array.from({ length: 1000 }, () => ({ body: new Uint8Array(messageBytes) }))
  for (let sent = 0; sent < waiting; sent += messages.length) await queue.sendBatch(messages)
}

/**
 * Send and handle at the same time, as fast as both go: a few senders, each of which awaits its batch, and one consumer that
 * fetches ahead half of what may be under way. CPU time is that of this process, with the broker if it is in a thread of it.
 */
async function measureQueue(
  queue: MessageQueue<Uint8Array>,
  seconds: number,
  shape: QueueShape,
): Promise<readonly Figure[]> {
  const pass = shape.waiting === undefined ? passThrough : circulate
  await pass(queue, WARM_UP_SECONDS, shape)
  const start = performance.now()
  const before = process.cpuUsage()
  const count = await pass(queue, seconds, shape)
  const { user, system } = process.cpuUsage(before)
  const elapsedMs = performance.now() - start
  return [
    { metric: 'rate', value: count / (elapsedMs / 1000), unit: 'messages/s' },
    { metric: 'cpu', value: (user + system) / count, unit: 'us/message' },
  ]
}

/** Returns how many messages were sent and handled. */
async function passThrough(
  queue: MessageQueue<Uint8Array>,
  seconds: number,
  { messageBytes, batch, underWay, consumer = 'handler' }: QueueShape,
): Promise<number> {
  const until = performance.now() + seconds * 1000
  const messages = Array.from({ length: batch }, () => ({ body: new Uint8Array(messageBytes) }))
  const flow = new Flow(underWay)
  const handled = (): void => flow.handled()
  const start = consumer === 'handler' ? handle : loop
  const stop = start(queue, underWay / 2, handled)
  const send = async (): Promise<void> => {
    do {
      await queue.sendBatch(messages)
      flow.sent += batch
      await flow.room()
    } while (performance.now() < until)
  }
  await Promise.all(Array.from({ length: SENDERS }, send))
  await flow.allHandled()
  await stop()
  await checkWaiting(queue, 0)
  return flow.sent
}

/** Handle what waits, and send as many. Returns how many were handled. */
async function circulate(
  queue: MessageQueue<Uint8Array>,
  seconds: number,
  { messageBytes, batch, underWay }: QueueShape,
): Promise<number> {
  const messages = Array.from({ length: batch }, () => ({ body: new Uint8Array(messageBytes) }))
  const { ready } = await queue.stats()
  const until = performance.now() + seconds * 1000
  const sends: Promise<unknown>[] = []
  let count = 0
  await new Promise<void>((resolve) => {
    const consumer = queue.process(
      () => {
        if (++count % batch !== 0) return
        sends.push(queue.sendBatch(messages))
        if (performance.now() >= until) resolve(consumer.stop())
      },
      { prefetch: underWay / 2 },
    )
  })
  await Promise.all(sends)
  await checkWaiting(queue, ready - count + sends.length * batch)
  return count
}

/** @throws Error unless that many messages wait, and none is leased. */
async function checkWaiting(queue: MessageQueue<Uint8Array>, expected: number): Promise<void> {
  const { ready, leased } = await queue.stats()
  if (ready === expected && leased === 0) return
  throw new Error(`${ready} messages wait and ${leased} are leased, where ${expected} were to wait`)
}

/** Counts what is under way. */
class Flow {
  sent = 0
  #handled = 0
  readonly #underWay: number
  #waiting: { readonly least: number; readonly resolve: () => void }[] = []

  constructor(underWay: number) {
    this.#underWay = underWay
  }

  handled(): void {
    this.#handled++
    if (this.#waiting.length === 0) return
    const ready = this.#waiting.filter(({ least }) => this.#handled >= least)
    if (ready.length === 0) return
    this.#waiting = this.#waiting.filter(({ least }) => this.#handled < least)
    for (const { resolve } of ready) resolve()
  }

  /** Resolves when no more than so much is under way; at once, if that is so. */
  room(): Promise<void> | undefined {
    const isFull = this.sent - this.#handled > this.#underWay
    return isFull ? this.#handledTo(this.sent - this.#underWay / 2) : undefined
  }

  allHandled(): Promise<void> {
    return this.#handledTo(this.sent)
  }

  #handledTo(least: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#handled >= least) resolve()
      else this.#waiting.push({ least, resolve })
    })
  }
}

type Consuming = (
  queue: MessageQueue<Uint8Array>,
  prefetch: number,
  handled: () => void,
) => () => Promise<void>

const handle: Consuming = (queue, prefetch, handled) => {
  const consumer = queue.process(handled, { prefetch })
  return () => consumer.stop()
}

const loop: Consuming = (queue, prefetch, handled) => {
  const stop = new AbortController()
  const { signal } = stop
  const run = async (): Promise<void> => {
    try {
      for await (const delivery of queue.consume({ prefetch, signal })) void delivery.ack().then(handled)
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }
  const running = run()
  return () => {
    stop.abort()
    return running
  }
}
