import { parentPort } from 'node:worker_threads'
import { type Broker, connectQueue, createBroker, type MessageQueue, mq, mqProcess } from '@ipc/mq'
import { type Figure, WARM_UP_SECONDS } from '../bench-case.js'
import type { Pair } from '../pair/pair.js'

const NAME = 'bench'

/** How messages go through a queue. */
export interface QueueShape {
  readonly messageBytes: number
  /** Messages sent by one call. */
  readonly batch: number
  /** Messages sent and not acknowledged. */
  readonly underWay: number
  /** Messages that are in the queue before it begins, and stay as many. @default 0 */
  readonly waiting?: number
}

/** A queue and its users in one thread. */
export const queueInProcess: Pair<QueueShape> = {
  far: 'thread',
  fars: 0,
  async runNear({ seconds }, shape) {
    const { waiting = 0 } = shape
    const broker = createBroker({ queues: { [NAME]: { maxMessages: waiting + 100_000, maxBytes: 2 ** 32 } } })
    await fill(await broker.queue<Uint8Array>(NAME), shape)
    const figures = await measureQueue(await broker.queue<Uint8Array>(NAME), seconds, shape)
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
      const queue = await connectQueue<Uint8Array>(connection, NAME)
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

/** Let messages wait in the queue. */
async function fill(queue: MessageQueue<Uint8Array>, shape: QueueShape): Promise<void> {
  const { waiting = 0, messageBytes } = shape
  const messages = Array.from({ length: 1000 }, () => ({ body: new Uint8Array(messageBytes) }))
  for (let sent = 0; sent < waiting; sent += messages.length) await queue.sendBatch(messages)
}

/** Send, take and acknowledge at the same time, as fast as both go. */
async function measureQueue(
  queue: MessageQueue<Uint8Array>,
  seconds: number,
  shape: QueueShape,
): Promise<readonly Figure[]> {
  await passThrough(queue, WARM_UP_SECONDS, shape)
  const start = performance.now()
  const count = await passThrough(queue, seconds, shape)
  return [{ metric: 'rate', value: count / ((performance.now() - start) / 1000), unit: 'messages/s' }]
}

/** Returns how many messages were sent and acknowledged. */
async function passThrough(
  queue: MessageQueue<Uint8Array>,
  seconds: number,
  { messageBytes, batch, underWay }: QueueShape,
): Promise<number> {
  const until = performance.now() + seconds * 1000
  const messages = Array.from({ length: batch }, () => ({ body: new Uint8Array(messageBytes) }))
  let sent = 0
  let acknowledged = 0
  let isEnough = (): boolean => false
  let enough = (): void => {}
  const acknowledgedTo = (least: () => number): Promise<void> =>
    new Promise((resolve) => {
      enough = resolve
      isEnough = () => acknowledged >= least()
      if (isEnough()) resolve()
    })
  const stop = new AbortController()
  const consumed = consume(queue, underWay, stop.signal, () => {
    acknowledged++
    if (isEnough()) enough()
  })
  do {
    await queue.sendBatch(messages)
    sent += batch
    if (sent - acknowledged > underWay) await acknowledgedTo(() => sent - underWay / 2)
  } while (performance.now() < until)
  await acknowledgedTo(() => sent)
  stop.abort()
  await consumed
  return sent
}

/** Take and acknowledge until told to stop. */
async function consume(
  queue: MessageQueue<Uint8Array>,
  prefetch: number,
  signal: AbortSignal,
  acknowledged: () => void,
): Promise<void> {
  try {
    for await (const delivery of queue.consume({ prefetch, signal })) void delivery.ack().then(acknowledged)
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
