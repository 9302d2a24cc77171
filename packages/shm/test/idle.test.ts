import { INSTALL_TIMEOUT_MS, installPackages } from '@ipc/debian'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { untilState, usageOf } from './fixtures/process-state.js'
import { countSystemCalls, STRACE, shown, totalOf } from './fixtures/system-calls.js'
import { until, untilBlocked, untilParked } from './fixtures/until-parked.js'
import { ringIn, WaitStage } from './fixtures/wait-stage.js'

const SECONDS = 10
const ATTEMPTS = 6
/** Of a core. */
const MOST_CPU = 0.005
/** Per second: the engine wakes a loop once a second for tasks of its own, which takes four; a poller makes thousands. */
const MOST_CALLS = 10

const stage = new WaitStage('process')
beforeAll(() => installPackages(STRACE), INSTALL_TIMEOUT_MS)
afterAll(() => stage.end())

interface Idle {
  readonly cpu: number
  readonly perSecond: number
}

async function measure(pids: readonly number[]): Promise<Idle[]> {
  const before = pids.map(usageOf)
  const calls = await countSystemCalls(pids, () => pass(SECONDS))
  const after = pids.map(usageOf)
  return ['parked', 'blocked'].map((how, index) => {
    const [start, end, made] = [before[index], after[index], calls[index]]
    if (start === undefined || end === undefined || made === undefined) throw new Error('not measured')
    const cpu = (end.cpuMs - start.cpuMs) / (1000 * SECONDS)
    const perSecond = totalOf(made) / SECONDS
    console.log(
      `idle, ${how}: ${(100 * cpu).toFixed(2)} % of a core, ${end.sleeps - start.sleeps} sleeps in ${SECONDS} s, ` +
        `${perSecond} system calls per second (${shown(made)})`,
    )
    return { cpu, perSecond }
  })
}

function lower(one: Idle, other: Idle): Idle {
  return { cpu: Math.min(one.cpu, other.cpu), perSecond: Math.min(one.perSecond, other.perSecond) }
}

function isIdle({ cpu, perSecond }: Idle): boolean {
  return cpu < MOST_CPU && perSecond <= MOST_CALLS
}

async function pass(seconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 1000 * seconds))
}

describe('a process that waits', () => {
  test('uses no CPU time and hardly any system call, in the event loop or blocked, and then wakes', async () => {
    const { region, place } = stage.region()
    const peers = await Promise.all([stage.lonePeer(place), stage.lonePeer(place)])
    const pids = await Promise.all(peers.map((peer) => peer.call('pid')))
    const received = [peers[0].call('receive', 'async'), peers[1].call('receiveSync', 'sync')]
    await untilParked(region, 1)
    await untilBlocked(region, 1)
    for (const pid of pids) await untilState(pid, 'S')

    let lowest = pids.map(() => ({ cpu: 1, perSecond: 1000 }))
    // For half a minute the engine tidies up what loading the program has left.
    for (let attempt = 0; attempt < ATTEMPTS && !lowest.every(isIdle); attempt++) {
      const measured = await measure(pids)
      lowest = lowest.map((before, index) => lower(before, measured[index] as Idle))
    }
    for (const { cpu, perSecond } of lowest) {
      expect(cpu).toBeLessThan(MOST_CPU)
      expect(perSecond).toBeLessThanOrEqual(MOST_CALLS)
    }

    ringIn(region, 'async').producer().tryWrite(Uint8Array.of(1))
    ringIn(region, 'sync').producer().tryWrite(Uint8Array.of(2))
    expect(await Promise.all(received)).toEqual([1, 2])
  }, 120_000)

  test('makes some system calls each time it is woken', async () => {
    const { region, place } = stage.region()
    const peer = await stage.lonePeer(place)
    const pid = await peer.call('pid')
    const [producer, answers] = [ringIn(region).producer(), ringIn(region, 'back').consumer()]
    const wake = async (count: number): Promise<void> => {
      const echoed = peer.call('echo', 'ring', 'back', count)
      for (let i = 0; i < count; i++) {
        await untilParked(region, 1)
        producer.tryWrite(Uint8Array.of(i))
        await until(() => answers.tryReceive() !== undefined, 'an answer')
      }
      await echoed
    }
    await wake(100)
    const [few] = await countSystemCalls([pid], () => wake(100))
    const [many] = await countSystemCalls([pid], () => wake(400))
    if (few === undefined || many === undefined) throw new Error('not counted')
    const each = (totalOf(many) - totalOf(few)) / 300
    console.log(`system calls, asleep each time, consumer: ${each.toFixed(2)} per message (${shown(many)})`)
    expect(each).toBeGreaterThan(0)
  }, 60_000)
})
