import { openQueue } from '@ipc/mq-sqlite'
import { expect, test } from 'vitest'
import { drain } from './fixtures/drain.js'
import { type Busy, type Event, FINE, judge, startBusy } from './fixtures/history.js'
import { temporaryDirectory } from './fixtures/temporary-directory.js'

/** `test:stress` sends a million, beside a process that hangs for three seconds at a time. */
const MESSAGES = Number(process.env.EIGHT_MESSAGES ?? 4000)
const LOOP_MS = process.env.HANG_MS ?? '300'
const SIDES = 4
const env = { SENDERS: '64', TAKERS: '32', PREFETCH: '16', MAX_MESSAGES: '1000000', LOOP_MS }

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

/** Milliseconds from a delivery to the next one, the longest, after all of `since`. */
function longestGap(events: readonly Event[], since: readonly bigint[], until: bigint): number {
  const times = events
    .filter(({ what, at }) => what === 'got' && at < until && since.every((start) => at > start))
    .map(({ at }) => at)
  return times.reduce((longest, at, n) => {
    const gap = n === 0 ? 0 : Number(at - (times[n - 1] as bigint)) / 1e6
    return Math.max(longest, gap)
  }, 0)
}

/** What a process said of its event loop: how long timers waited, 99 % of them and the longest, in milliseconds. */
function delayOf(events: readonly Event[]): string {
  return events.findLast(({ what }) => what === 'delay')?.body.replace(/:(.*)/, ' ($1)') ?? '?'
}

test(
  `${MESSAGES} messages from four producers to four consumers beside one that hangs, each exactly once`,
  async () => {
    using directory = temporaryDirectory()
    const start = (role: string, name: string): Busy =>
      startBusy([directory.path, role, name, String(MESSAGES / SIDES), 'disk'], { env })
    const hanging = start('loop', 'h')
    await hanging.until('ready')
    const queue = await openQueue<string>(directory.path, 'busy')
    const first = { body: 'first', at: process.hrtime.bigint() }
    await queue.send(first.body)
    await hanging.until('got')
    const consumers = Array.from({ length: SIDES }, (_, at) => start('consume', `c${at}`))
    await Promise.all(consumers.map((consumer) => consumer.until('ready')))
    const producers = Array.from({ length: SIDES }, (_, at) => start('produce', `p${at}`))
    await Promise.all(producers.map((producer) => producer.until('ready')))
    const began = performance.now()
    expect(await Promise.all(producers.map((producer) => producer.ended))).toEqual([0, 0, 0, 0])
    const sentAll = process.hrtime.bigint()
    while ((await queue.stats()).ready > 0) await new Promise((resolve) => setTimeout(resolve, 20))
    const seconds = (performance.now() - began) / 1000
    for (const { child } of consumers) child.kill('SIGTERM')
    await Promise.all([...consumers.map((consumer) => consumer.until('delay')), hanging.until('looped')])
    for (const { child } of [hanging, ...consumers]) child.kill('SIGKILL')
    await Promise.all([hanging, ...consumers].map((busy) => busy.ended))
    const said = [...producers, ...consumers, hanging].flatMap(({ events }) => events)
    said.push({ what: 'try', ...first }, { what: 'disk', ...first })
    const late = await drain(queue)
    await queue.close()
    const { repeated, recovered, ...verdict } = judge([...said, ...late], ['disk'])
    expect(verdict).toMatchObject(FINE)
    // What they held when they were killed came again, and nothing else.
    expect(repeated).toBeLessThanOrEqual(late.length)
    expect(recovered).toBe(0)
    // While there was something to be had: from when all producers were at it.
    const sending = producers.map(({ events }) => events.find(({ what }) => what === 'disk')?.at ?? sentAll)
    const shares = consumers.map(({ events }) => events.filter(({ what }) => what === 'got').length)
    const each = (of: readonly Busy[], what: (events: readonly Event[]) => string): string =>
      of.map(({ events }) => what(events)).join(', ')
    const hung = hanging.events.filter(({ what }) => what === 'looped').length
    console.log(
      `${MESSAGES} messages in ${seconds.toFixed(1)} s, while another process hung ${hung} times for ${LOOP_MS} ms\n` +
        `shares of consumers: ${shares.join(', ')}\n` +
        `longest send: ${each(producers, (events) => longestWait(events, 'try', 'disk').toFixed(0))} ms; ` +
        `between deliveries: ${each(consumers, (events) => longestGap(events, sending, sentAll).toFixed(0))} ms; ` +
        `ack: ${each(consumers, (events) => longestWait(events, 'got', 'acked').toFixed(0))} ms\n` +
        `delay of the event loop, p99 (max): ${each([...producers, ...consumers], delayOf)} ms`,
    )
  },
  // A watchdog: a machine that others use too is several times slower.
  Math.max(60_000, 4 * MESSAGES),
)
