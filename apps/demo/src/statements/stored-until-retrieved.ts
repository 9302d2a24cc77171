import { join } from 'node:path'
import type { MessageQueue } from '@ipc/core'
import { connectQueue, createBroker } from '@ipc/mq'
import { openQueue } from '@ipc/mq-sqlite'
import { net } from '@ipc/net'
import { grouped } from '../figures.js'
import type { Actor } from './actor.js'
import type { Stage, Statement } from './statement.js'

const MESSAGES = 2000
const BATCH = 100
const QUEUE = 'orders'
/** How long a receiver waits for what should be there. */
const PATIENCE_MS = 5000

/** Where the queue is kept. */
export type Store =
  | { readonly kind: 'directory'; readonly directory: string }
  | { readonly kind: 'broker'; readonly address: string }

/** What the processes do. */
export const roles = {
  /** Host queues in memory, for others who connect. */
  async host(address: string): Promise<void> {
    createBroker({ queues: { [QUEUE]: {} } }).serve(await net({ resume: false }).listen(address))
  },

  /** Send messages, each on the queue when this resolves. */
  async send(store: Store, from: number, count: number): Promise<void> {
    const queue = await open(store)
    for (let first = from; first < from + count; first += BATCH) {
      const batch = Array.from({ length: Math.min(BATCH, from + count - first) }, (_, i) => ({
        body: first + i,
      }))
      await queue.sendBatch(batch)
    }
  },

  /** End this process, as one does that has nothing left to do. */
  leave(): void {
    setImmediate(() => process.exit(0))
  },

  /** Retrieve messages until none is left; how many came, and how many of them not in their place. */
  async retrieve(store: Store): Promise<{ readonly came: number; readonly wrong: number }> {
    const queue = await open(store)
    let came = 0
    let wrong = 0
    for (;;) {
      const batch = await queue.receiveBatch({ max: BATCH, timeoutMs: came === 0 ? PATIENCE_MS : 50 })
      if (batch.length === 0) return { came, wrong }
      for (const { body } of batch) if (body !== came++) wrong++
      await Promise.all(batch.map((delivery) => delivery.ack()))
    }
  },
}

async function open(store: Store): Promise<MessageQueue<number>> {
  if (store.kind === 'directory') return openQueue<number>(store.directory, QUEUE, { durability: 'os' })
  return connectQueue<number>(await net({ resume: false }).connect(store.address), QUEUE)
}

/** How the sender ends. */
type End = 'exit' | 'SIGKILL'

export const statement: Statement = {
  number: 9,
  title:
    'Of a message queue, sender and receiver need not be connected: messages stay on it until they are retrieved.',
  async measure(stage) {
    const address = `unix:${join(stage.scratch, 'broker.sock')}`
    const broker = await stage.start<typeof roles>('stored-until-retrieved')
    await broker.call('host', address)
    const directory = (end: End): Store => ({ kind: 'directory', directory: join(stage.scratch, end) })
    const inMemory: Store = { kind: 'broker', address }
    const passed = [
      await pass(stage, 'in a directory (SQLite)', directory('exit'), 'exit'),
      await pass(stage, 'in a directory (SQLite)', directory('SIGKILL'), 'SIGKILL'),
      await pass(stage, 'at a broker (memory)', inMemory, 'exit'),
      await pass(stage, 'at a broker (memory)', inMemory, 'SIGKILL'),
    ]
    const sent = count(stage)
    const least = Math.min(...passed.map(({ came }) => came))
    return {
      shown: passed.every(({ came, wrong }) => came === sent && wrong === 0),
      figure:
        `${grouped(least)} of ${grouped(sent)} messages retrieved, in order, by a process that began when the sender was ` +
        'gone: after its exit and after SIGKILL, from a directory and from a broker',
      how:
        'A process sent messages and ended; only then another one was started and retrieved what was on the queue, ' +
        'four times.',
      measurements: passed.map(({ subject, came }) => ({
        metric: 'retrieved',
        subject,
        value: came,
        unit: `of ${sent}`,
      })),
    }
  },
}

function count({ effort }: Stage): number {
  return Math.ceil(MESSAGES * effort)
}

interface Passed {
  readonly subject: string
  readonly came: number
  readonly wrong: number
}

async function pass(stage: Stage, place: string, store: Store, end: End): Promise<Passed> {
  const sender = await stage.start<typeof roles>('stored-until-retrieved')
  await sender.call('send', store, 0, count(stage))
  await ended(sender, end)
  const receiver = await stage.start<typeof roles>('stored-until-retrieved')
  const retrieved = await receiver.call('retrieve', store)
  await ended(receiver, 'exit')
  return { subject: `${place}, sender ended by ${end}`, ...retrieved }
}

async function ended(actor: Actor<typeof roles>, end: End): Promise<void> {
  if (end === 'SIGKILL') return actor.kill()
  // It may be gone before its answer is.
  actor.call('leave').catch(() => {})
  const how = await actor.ended
  if (how !== 'exit code 0') throw new Error(`a process did not end by itself: ${how}`)
}
