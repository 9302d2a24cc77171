import { everyCall, type Watch } from '@ipc/conformance'
import type { Connection } from '@ipc/core'
import { connectQueue, connectTopic } from '@ipc/mq'
import { expect } from 'vitest'

/** How calls may end when their broker dies: with it, or with the lease of what was received from it. */
const ENDS = new Set(['IPC_PEER_LOST', 'IPC_LEASE_LOST'])
/** How some end in any case. */
const OWN_ENDS: Readonly<Record<string, string>> = {
  'send, aborted': 'IPC_ABORTED',
  'sendBatch, with a timeout': 'IPC_TIMEOUT',
  'send when closed': 'IPC_CLOSED',
}
const PATIENCE_MS = 15_000

/**
 * Make every call there is over a connection whose broker dies, or not; all of them have to settle, with a right code.
 * Returns whether a call has found the broker dead.
 */
export async function settlesEveryCall(connection: Connection, dies: boolean): Promise<boolean> {
  const outcomes = await everyCall({
    open: (name, create) => connectQueue(connection, name, { create }),
    more: (watch) => topics(connection, watch),
    patienceMs: PATIENCE_MS,
  })
  expect(outcomes.length).toBeGreaterThan(2)
  for (const { call, code } of outcomes) {
    const own = OWN_ENDS[call.replace(/^\d+ /, '')]
    if (code === own || (dies && (code === undefined || ENDS.has(code)))) continue
    expect.fail(`${call} ended with ${code}, expected ${own ?? 'a result'}`)
  }
  return outcomes.some(({ code }) => code === 'IPC_PEER_LOST')
}

async function topics(connection: Connection, watch: Watch): Promise<void> {
  const topic = await watch('open a topic', connectTopic(connection, 'topic'))
  if (topic === undefined) return
  const subscription = await watch('subscribe', topic.subscribe('subscription', { pattern: 'a.*' }))
  await watch('publish', topic.publish('a.b', 'news'))
  if (subscription !== undefined) await watch('receive published', subscription.receive({ timeoutMs: 1000 }))
  await watch('unsubscribe', topic.unsubscribe('subscription'))
}
