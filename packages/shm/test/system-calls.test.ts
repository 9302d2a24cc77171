import { INSTALL_TIMEOUT_MS, installPackages } from '@ipc/debian'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { undisturbed } from './fixtures/launchers.js'
import { type StreamStage, streamStage } from './fixtures/stream-stage.js'
import { countSystemCalls, STRACE, shown, totalOf } from './fixtures/system-calls.js'

const FEW = 20_000
const MANY = 1_020_000
/** Others may disturb: the lowest of so many counts is what the path itself costs. */
const ATTEMPTS = 5

let stage: StreamStage
beforeAll(async () => {
  await installPackages(STRACE)
  stage = await streamStage(undisturbed())
}, INSTALL_TIMEOUT_MS)
afterAll(() => stage.end())

/** System calls per message of both sides: the slope between few and many messages, so that what is done once is out. */
async function slopes(
  what: string,
  [few, many]: readonly [number, number],
  run: (count: number) => Promise<unknown>,
): Promise<readonly [number, number]> {
  const pids = await Promise.all([stage.near.call('pid'), stage.far.call('pid')])
  // What is compiled and allocated at first is not to be counted.
  await run(few)
  const [small, large] = [
    await countSystemCalls(pids, () => run(few)),
    await countSystemCalls(pids, () => run(many)),
  ]
  const perMessage = pids.map((_, side) => {
    const [fewCalls, manyCalls] = [small[side] as Map<string, number>, large[side] as Map<string, number>]
    const slope = (totalOf(manyCalls) - totalOf(fewCalls)) / (many - few)
    const name = ['producer', 'consumer'][side]
    console.log(
      `system calls, ${what}, ${name}: ${slope.toFixed(6)} per message ` +
        `(${totalOf(fewCalls)} for ${few}, ${totalOf(manyCalls)} for ${many}: ${shown(manyCalls)})`,
    )
    return slope
  })
  return [perMessage[0] as number, perMessage[1] as number]
}

/** Count until both are below the limit, a few times at most; returns the lowest. */
async function lowest(
  limit: number,
  measure: () => Promise<readonly [number, number]>,
): Promise<readonly [number, number]> {
  let best: readonly [number, number] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  for (let attempt = 0; attempt < ATTEMPTS && Math.max(...best) >= limit; attempt++) {
    const [near, far] = await measure()
    best = [Math.min(best[0], near), Math.min(best[1], far)]
  }
  return best
}

describe('system calls per message between two processes', () => {
  test('are none while both spin, one way', async () => {
    const measure = (): Promise<readonly [number, number]> =>
      slopes('one way, both spin', [FEW, MANY], (count) =>
        Promise.all([stage.near.call('write', count, 'spin'), stage.far.call('read', count, 'spin')]),
      )
    for (const slope of await lowest(0.001, measure)) expect(slope).toBeLessThan(0.001)
  }, 120_000)

  test('are none while both spin, there and back', async () => {
    const measure = (): Promise<readonly [number, number]> =>
      slopes('there and back, both spin', [FEW / 2, MANY / 2], (count) =>
        Promise.all([stage.near.call('ask', count, 'spin'), stage.far.call('echo', count, 'spin')]),
      )
    for (const slope of await lowest(0.001, measure)) expect(slope).toBeLessThan(0.001)
  }, 120_000)

  test('are fewer than 0.01 in a stream into an event loop', async () => {
    const measure = (): Promise<readonly [number, number]> =>
      slopes('one way, into an event loop', [FEW, MANY], (count) =>
        Promise.all([stage.near.call('write', count, 'block'), stage.far.call('readAsync', count)]),
      )
    for (const slope of await lowest(0.01, measure)) expect(slope).toBeLessThan(0.01)
  }, 120_000)

  test('are fewer than 0.01 in a stream into a thread that blocks', async () => {
    const measure = (): Promise<readonly [number, number]> =>
      slopes('one way, both block', [FEW, MANY], (count) =>
        Promise.all([stage.near.call('write', count, 'block'), stage.far.call('read', count, 'block')]),
      )
    for (const slope of await lowest(0.01, measure)) expect(slope).toBeLessThan(0.01)
  }, 120_000)
})
