import { setTimeout as delay } from 'node:timers/promises'
import { type Delivery, isIpcError, type MessageQueue } from '@ipc/core'
import { expect } from 'vitest'
import type { QueueSetup } from './queue-harness.js'

/** What came of a call: `undefined` when it was fulfilled. */
interface CallOutcome {
  readonly call: string
  readonly code: string | undefined
}

/** Keeps an eye on a promise until it is settled; resolves to its value, or `undefined` when it was rejected. */
export type Watch = <T>(call: string, promise: Promise<T>) => Promise<T | undefined>

/** What {@link expectEveryCallSettles} needs. */
export interface EveryCallInit {
  open(name: string, setup: QueueSetup): Promise<MessageQueue<unknown>>
  /** More calls, at the end. */
  more?(watch: Watch): Promise<void>
  /** Whether the host dies. */
  readonly dies: boolean
}

/** How calls may end when their host dies: with it, or with the lease of what was received from it. */
const ENDS = new Set(['IPC_PEER_LOST', 'IPC_LEASE_LOST'])
/** How some end in any case. */
const OWN_ENDS: Readonly<Record<string, string>> = {
  'send, aborted': 'IPC_ABORTED',
  'sendBatch, with a timeout': 'IPC_TIMEOUT',
  'send when closed': 'IPC_CLOSED',
}
const PATIENCE_MS = 20_000

/**
 * Make every call that queues have, of a host that may die meanwhile: all of them have to settle, with a right code.
 * Returns whether one has found the host dead.
 */
export async function expectEveryCallSettles(init: EveryCallInit): Promise<boolean> {
  const outcomes = await everyCall(init)
  expect(outcomes.length).toBeGreaterThan(1)
  for (const { call, code } of outcomes) {
    const own = OWN_ENDS[call.replace(/^\d+ /, '')]
    if (code === own || (init.dies && (code === undefined || ENDS.has(code)))) continue
    expect.fail(`${call} ended with ${code}, expected ${own ?? 'a result'}`)
  }
  return outcomes.some(({ code }) => code === 'IPC_PEER_LOST')
}

/**
 * Make every call that queues have, whether or not the ones before were fulfilled, and wait for all of them.
 *
 * @throws Error with the names of the calls whose promises stay pending.
 */
async function everyCall({ open, more }: EveryCallInit): Promise<readonly CallOutcome[]> {
  const outcomes: CallOutcome[] = []
  const pending = new Set<string>()
  let calls = 0
  const watch: Watch = async (call, promise) => {
    const name = `${++calls} ${call}`
    pending.add(name)
    try {
      const value = await promise
      outcomes.push({ call: name, code: undefined })
      return value
    } catch (error) {
      outcomes.push({ call: name, code: isIpcError(error) ? error.code : String(error) })
      return undefined
    } finally {
      pending.delete(name)
    }
  }
  const patience = new AbortController()
  const hang = delay(PATIENCE_MS, undefined, { signal: patience.signal }).then(
    () => {
      const done = outcomes.map(({ call, code = 'done' }) => `${call}: ${code}`).join(', ')
      throw new Error(`pending: ${[...pending].join(', ')}; settled: ${done}`)
    },
    () => {},
  )
  try {
    await Promise.race([callAll(open, more, watch), hang])
  } finally {
    patience.abort()
  }
  return outcomes
}

async function callAll(
  open: EveryCallInit['open'],
  more: EveryCallInit['more'],
  watch: Watch,
): Promise<void> {
  const main = await watch('open main', open('main', { maxAttempts: 2, backoff: { firstMs: 0 } }))
  const full = await watch('open full', open('full', { maxMessages: 1 }))
  if (main !== undefined && full !== undefined) {
    const waiting = await callsThatWait(full, watch)
    await sendAndLook(main, watch)
    await settle(main, full, watch)
    await consume(main, watch)
    // Makes room for who waits to send; who waits to receive gets it.
    await watch('purge full', full.purge())
    await watch('send to who waits', main.send('for who waits'))
    await Promise.all(waiting)
    await watch('close main', main.close())
    await watch('close full', full.close())
    await watch('send when closed', main.send('late'))
  }
  await more?.(watch)
}

/** Calls that are pending while the others are made. */
async function callsThatWait(full: MessageQueue<unknown>, watch: Watch): Promise<Promise<unknown>[]> {
  await watch('fill', full.send('fills it'))
  const abort = new AbortController()
  const aborted = watch('send, aborted', full.send('aborted', { signal: abort.signal }))
  const waiting = [
    watch('send, waiting', full.send('waits for room')),
    watch('sendBatch, with a timeout', full.sendBatch([{ body: 'too late' }], { timeoutMs: 30 })),
  ]
  await watch('stats', full.stats())
  abort.abort()
  return [aborted, ...waiting]
}

async function sendAndLook(queue: MessageQueue<unknown>, watch: Watch): Promise<void> {
  await watch('receive, timed out', queue.receive({ timeoutMs: 1 }))
  const received = watch('receive, waiting', queue.receive({ leaseMs: 600_000 }))
  await watch('send', queue.send('one', { priority: 1, deduplicationId: 'one', headers: { a: 'b' } }))
  await watch('sendBatch', queue.sendBatch(Array.from({ length: 12 }, (_, body) => ({ body }))))
  await watch('peek', queue.peek(3))
  const first = await received
  if (first !== undefined) {
    await watch('extend', first.extend(600_000))
    await watch('ack', first.ack())
  }
}

async function settle(
  queue: MessageQueue<unknown>,
  other: MessageQueue<unknown>,
  watch: Watch,
): Promise<void> {
  const take = (): Promise<Delivery<unknown> | undefined> =>
    watch('receive', queue.receive({ timeoutMs: 1000 }))
  const second = await take()
  if (second !== undefined) await watch('nack', second.nack({ delayMs: 1 }))
  const third = await take()
  if (third !== undefined) await watch('deadLetter', third.deadLetter('why not'))
  await watch('deadLetters', queue.deadLetters(5))
  await watch('redrive', queue.redrive())
  const batch = await watch('receiveBatch', queue.receiveBatch({ max: 3, timeoutMs: 1000 }))
  if (batch !== undefined && batch.length > 1) {
    const [one, two, three] = batch
    const done = queue.transaction((tx) => {
      tx.ack(one!)
      tx.deadLetter(two!, 'why not')
      tx.send(queue, 'by a transaction')
    })
    await watch('transaction', done)
    if (three !== undefined) await watch('transaction that is refused', refused(other, three))
  }
  await watch('purge dead', queue.purge('dead'))
}

/** There is no room for what it sends. */
async function refused(full: MessageQueue<unknown>, delivery: Delivery<unknown>): Promise<void> {
  try {
    await full.transaction((tx) => {
      tx.send(full, 'no room')
      tx.ack(delivery)
    })
  } catch (error) {
    if (!isIpcError(error, 'IPC_QUEUE_FULL')) throw error
  }
}

async function consume(queue: MessageQueue<unknown>, watch: Watch): Promise<void> {
  const iterator = queue.consume({ prefetch: 2 })[Symbol.asyncIterator]()
  for (let left = 2; left > 0; left--) {
    const next = await watch('next', iterator.next())
    if (next?.done === false) await watch('ack of a loop', next.value.ack())
  }
  await watch('return', iterator.return!())
  let handled = 0
  const handling = (limit: { readonly maxRunMs?: number }): Promise<void> =>
    new Promise((resolve) => {
      const least = handled + 3
      const consumer = queue.process(
        async () => {
          await Promise.resolve()
          if (++handled >= least) resolve()
          else if (handled % 2 === 1) throw new Error('not this time')
        },
        { prefetch: 2, ...limit },
      )
      void watch('stopped', consumer.stopped).then(() => resolve())
      void watch('send to handlers', queue.sendBatch([{ body: 'a' }, { body: 'b' }, { body: 'c' }]))
    })
  await watch('process', handling({}))
  await watch('process, with a limit', handling({ maxRunMs: 600_000 }))
}
