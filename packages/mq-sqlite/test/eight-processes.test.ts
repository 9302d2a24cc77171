import { openQueue } from '@ipc/mq-sqlite'
import { expect, test } from 'vitest'
import { drain } from './fixtures/drain.js'
import { type Event, FINE, judge, startBusy } from './fixtures/history.js'
import { temporaryDirectory } from './fixtures/temporary-directory.js'

/** `test:stress` sends a million. */
const MESSAGES = Number(process.env.EIGHT_MESSAGES ?? 4000)
const SIDES = 4
const env = { SENDERS: '64', TAKERS: '32', PREFETCH: '16', MAX_MESSAGES: '1000000' }

/** Milliseconds from each `from` to the `to` of the same message, the longest. */
function longestWait(events: readonly Event[], from: string, to: string): number {
  const began = new Map<string, bigint>()
  let longest = 0n
  for (const { what, body, at } of events) {
    if (what === from) began.set(body, at)
    else if (what === to) {
      const wait = at - (began.get(body) ?? at)
      if (wait > longest) longest = wait
    }
  }
  return Number(longest) / 1e6
}

test(
  `${MESSAGES} messages from four producers to four consumers, each exactly once`,
  async () => {
    using directory = temporaryDirectory()
    const start = (role: string, name: string): ReturnType<typeof startBusy> =>
      startBusy([directory.path, role, name, String(MESSAGES / SIDES), 'disk'], { env })
    const consumers = Array.from({ length: SIDES }, (_, at) => start('consume', `c${at}`))
    await Promise.all(consumers.map((consumer) => consumer.until('ready')))
    const producers = Array.from({ length: SIDES }, (_, at) => start('produce', `p${at}`))
    await Promise.all(producers.map((producer) => producer.until('ready')))
    const began = performance.now()
    expect(await Promise.all(producers.map((producer) => producer.ended))).toEqual([0, 0, 0, 0])
    const queue = await openQueue<string>(directory.path, 'busy')
    while ((await queue.stats()).ready > 0) await new Promise((resolve) => setTimeout(resolve, 20))
    const seconds = (performance.now() - began) / 1000
    for (const { child } of consumers) child.kill('SIGKILL')
    await Promise.all(consumers.map((consumer) => consumer.ended))
    const said = [...producers, ...consumers].flatMap(({ events }) => events)
    const late = await drain(queue)
    await queue.close()
    const { repeated, recovered, ...verdict } = judge([...said, ...late], ['disk'])
    expect(verdict).toMatchObject(FINE)
    // What consumers held when they were killed came again, and nothing else.
    expect(repeated).toBeLessThanOrEqual(late.length)
    expect(recovered).toBe(0)
    const shares = consumers.map(({ events }) => events.filter(({ what }) => what === 'got').length)
    const waits = producers.map(({ events }) => longestWait(events, 'try', 'disk').toFixed(0))
    const acks = consumers.map(({ events }) => longestWait(events, 'got', 'acked').toFixed(0))
    console.log(
      `${MESSAGES} messages in ${seconds.toFixed(1)} s; shares of consumers ${shares.join(', ')}; ` +
        `longest sends ${waits.join(', ')} ms, longest acks ${acks.join(', ')} ms`,
    )
  },
  Math.max(60_000, MESSAGES),
)
