import { openQueue } from '@ipc/mq-sqlite'
import { expect, test } from 'vitest'
import { drain } from './fixtures/drain.js'
import { type Busy, FINE, judge, startBusy } from './fixtures/history.js'
import { temporaryDirectory } from './fixtures/temporary-directory.js'

/** Rounds of killing one process at random; `test:stress` does more. */
const ROUNDS = Number(process.env.KILL_ROUNDS ?? 3)
const AMONG = [
  ['produce', 'disk'],
  ['produce', 'os'],
  ['consume', 'disk'],
  ['consume', 'disk'],
] as const

test(
  `${ROUNDS} processes are killed at random, and nothing is lost or comes after its ack`,
  async () => {
    using directory = temporaryDirectory()
    const all: Busy[] = []
    let names = 0
    const start = (at: number): Busy => {
      const [role, level] = AMONG[at] as (typeof AMONG)[number]
      const busy = startBusy([directory.path, role, `p${names++}`, '1000000', level])
      all.push(busy)
      return busy
    }
    const running = AMONG.map((_, at) => start(at))
    await Promise.all(running.map((busy) => busy.until('ready')))
    for (let round = 0; round < ROUNDS; round++) {
      const at = Math.floor(Math.random() * AMONG.length)
      const victim = running[at] as Busy
      const producer = AMONG[at]?.[0] === 'produce'
      // In the middle of its work, wherever that is.
      const done = victim.events.length + Math.floor(Math.random() * 40)
      await victim.until(producer ? 'try' : 'ready', producer ? done / 2 : 1)
      victim.child.kill('SIGKILL')
      await victim.ended
      const next = start(at)
      running[at] = next
      await next.until('ready')
    }
    // All at once in the end.
    for (const busy of running) busy.child.kill('SIGKILL')
    const codes = await Promise.all(all.map((busy) => busy.ended))
    expect(codes.every((code) => code === null)).toBe(true)
    const queue = await openQueue<string>(directory.path, 'busy')
    const events = [...all.flatMap((busy) => busy.events), ...(await drain(queue))]
    const verdict = judge(events, ['disk', 'os'])
    expect(verdict).toMatchObject(FINE)
    expect(await queue.stats()).toMatchObject({ ready: 0, leased: 0, dead: 0, bytes: 0 })
    await queue.close()
    const { repeated, recovered } = verdict
    const count = (what: string): number => events.filter((event) => event.what === what).length
    console.log(
      `${ROUNDS} kills: ${count('disk')} sent to disk, ${count('os')} to the system, ${count('got')} delivered, ` +
        `${repeated} of them again, ${recovered} without a receipt; none lost`,
    )
  },
  60_000 + ROUNDS * 10_000,
)
