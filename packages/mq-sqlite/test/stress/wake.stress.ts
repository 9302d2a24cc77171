import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { openQueue } from '@ipc/mq-sqlite'
import { expect, test } from 'vitest'
import { startBusy } from '../fixtures/history.js'
import { ownWriter } from '../fixtures/own-writer.js'
import { temporaryDirectory } from '../fixtures/temporary-directory.js'
import { byCommit, bySend, bySocket, byThreads, type WakeWay } from '../fixtures/wake-ways.js'

const WAKES = Number(process.env.WAKES ?? 500)
const IDLE_MS = 10_000
/** For half a minute the engine tidies up what loading the program has left. */
const IDLE_LOOKS = 5

/** Processor time of a process, in milliseconds, and how often its threads have gone to sleep. */
function usageOf(pid: number): { readonly cpuMs: number; readonly sleeps: number } {
  let cpuMs = 0
  let sleeps = 0
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const of = `/proc/${pid}/task/${thread}`
    cpuMs += Number(readFileSync(`${of}/schedstat`, 'utf8').split(' ')[0]) / 1e6
    sleeps += Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(readFileSync(`${of}/status`, 'utf8'))?.[1])
  }
  return { cpuMs, sleeps }
}

function shown(times: readonly number[]): string {
  const inOrder = [...times].sort((a, b) => a - b)
  const at = (share: number): string =>
    (inOrder[Math.floor(share * (inOrder.length - 1))] as number).toFixed(3)
  return `p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, p99 ${at(0.99)} ms`
}

/** Milliseconds that each took, in turn with the others, after some of doing nothing. */
async function measure(ways: readonly WakeWay[]): Promise<number[][]> {
  const began = ways.map(() => new Map<string, bigint>())
  for (let n = 0; n < WAKES; n++) {
    for (const [at, { bodyOf, wake }] of ways.entries()) {
      await sleep(5 + Math.random() * 10)
      began[at]?.set(bodyOf(n), await wake(n))
    }
  }
  const queued = ways.filter(({ woken }) => woken === ways.at(-1)?.woken).length
  await ways.at(-1)?.woken.until('acked', queued * WAKES)
  return ways.map(({ woken }, at) =>
    woken.events.flatMap(({ what, body, at: end }) => {
      const start = what === 'got' ? began[at]?.get(body) : undefined
      return start === undefined ? [] : [Number(end - start) / 1e6]
    }),
  )
}

test(
  `an idle consumer in another process wakes, ${WAKES} times in each way`,
  async () => {
    using directory = temporaryDirectory()
    const consumer = startBusy([directory.path, 'consume', 'c', '0', 'disk'])
    await consumer.until('ready')
    const queue = await openQueue<string>(directory.path, 'busy')
    const writer = await ownWriter(directory.path, 'busy')
    const ways = [
      await bySocket(`${directory.path}/a.sock`),
      await byThreads(`${directory.path}/b.sock`),
      byCommit(writer, consumer, 'os'),
      byCommit(writer, consumer, 'disk'),
      bySend(queue, consumer, 'os'),
      bySend(queue, consumer, 'disk'),
    ]
    for (const [at, times] of (await measure(ways)).entries()) {
      expect(times.length).toBe(WAKES)
      console.log(`${ways[at]?.about}: ${shown(times)}`)
    }
    writer.close()
    await queue.close()
    const pid = consumer.child.pid as number
    for (let look = 0; look < IDLE_LOOKS; look++) {
      const before = usageOf(pid)
      await sleep(IDLE_MS)
      const { cpuMs, sleeps } = usageOf(pid)
      const share = (100 * (cpuMs - before.cpuMs)) / IDLE_MS
      const perSecond = (1000 * (sleeps - before.sleeps)) / IDLE_MS
      console.log(`idle: ${share.toFixed(2)} % of a core, ${perSecond.toFixed(1)} sleeps per second`)
    }
    for (const { child, ended } of new Set(ways.map(({ woken }) => woken))) {
      child.kill('SIGKILL')
      await ended
    }
  },
  Math.max(180_000, WAKES * 200),
)
