import type { BroadcastConsumerOptions } from '@ipc/shm'
import { expect } from 'vitest'
import type { QueueRing } from '../fixtures/ring-program.js'
import type { Consuming, Producing } from '../fixtures/ring-roles.js'
import type { RingStage } from '../fixtures/ring-stage.js'

const READERS = 8
const CAPACITY_BYTES = 65_536
const WAYS: readonly Producing['how'][] = ['stage', 'writeSync', 'write']

/** What was moved, for the report. */
export interface Moved {
  readonly written: number
  readonly received: number
  readonly lost: number
}

/**
 * For so many seconds, processes write to a ring that one reads. It checks every byte of each record and the order of each
 * producer's; nothing may be lost or repeated.
 */
export async function stressQueueRing(
  stage: RingStage,
  kind: QueueRing,
  writers: number,
  seconds: number,
): Promise<Moved> {
  const place = stage.place(CAPACITY_BYTES)
  const [consumer, ...producers] = await stage.peers(1 + writers)
  const consuming = consumer?.call('consume', place, { producers: writers, how: 'wait' }, kind)
  const producing = producers.map((peer, id) =>
    peer.call('produce', place, { id, how: WAYS[id % WAYS.length] as Producing['how'], seconds }, kind),
  )
  const written = await Promise.all(producing)
  const consumed = await consuming
  expect(Math.min(...written)).toBeGreaterThan(0)
  expect(consumed).toEqual({ received: written, announced: written })
  return { written: sum(written), received: sum(consumed?.received ?? []), lost: 0 }
}

/** How the readers of {@link stressBroadcastRing} go about it: some keep up, some cannot. */
const HOW: readonly { options: BroadcastConsumerOptions; how: Consuming['how']; spins: number }[] = [
  { options: {}, how: 'waitSync', spins: 0 },
  { options: {}, how: 'wait', spins: 0 },
  { options: { from: 'oldest' }, how: 'receive', spins: 0 },
  { options: {}, how: 'iterate', spins: 100 },
  { options: {}, how: 'waitSync', spins: 1_000 },
  { options: {}, how: 'wait', spins: 10_000 },
  { options: {}, how: 'waitSync', spins: 100_000 },
  { options: { from: 'oldest' }, how: 'wait', spins: 100 },
]

/**
 * For so many seconds, one process writes to a ring that eight read. They check every byte of each record and the order;
 * what they received and what they say they lost is all that was written. With `holding`, half of them hold the writer
 * back, and lose nothing.
 */
export async function stressBroadcastRing(
  stage: RingStage,
  seconds: number,
  holding: boolean,
): Promise<Moved> {
  const place = stage.place(CAPACITY_BYTES)
  const [writer, ...readers] = await stage.peers(1 + READERS)
  const holds = (i: number): boolean => holding && i % 2 === 0
  const optionsOf = (i: number): BroadcastConsumerOptions =>
    holds(i) ? { overflow: 'wait' } : (HOW[i]?.options ?? {})
  await Promise.all(readers.map((peer, i) => peer.call('subscribe', place, optionsOf(i))))
  const following = readers.map((peer, i) => {
    const { how, spins } = HOW[i] as (typeof HOW)[number]
    return peer.call('follow', { producers: 1, how, spins: holds(i) ? 0 : spins, mayLose: !holds(i) })
  })
  const written = await writer?.call('publish', place, { id: 0, how: 'writeSync', seconds })
  const followed = await Promise.all(following)
  for (const [i, { received, announced, lost }] of followed.entries()) {
    expect(announced).toEqual([written])
    expect((received[0] as number) + lost).toBe(written)
    if (holds(i)) expect(lost).toBe(0)
  }
  return {
    written: written ?? 0,
    received: sum(followed.map(({ received }) => received[0] as number)),
    lost: sum(followed.map(({ lost }) => lost)),
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
