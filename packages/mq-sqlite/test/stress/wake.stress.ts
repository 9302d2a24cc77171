import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { openQueue } from '@ipc/mq-sqlite'
import { expect, test } from 'vitest'
import { startBusy } from '../fixtures/history.js'
import { temporaryDirectory } from '../fixtures/temporary-directory.js'

const WAKES = 500
const IDLE_MS = 10_000

/** Processor time of a process, in milliseconds. */
function busyMs(pid: number): number {
  const [user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ').slice(13, 15).map(Number) as [
    number,
    number,
  ]
  return 10 * (user + system)
}

test(`an idle consumer in another process wakes, ${WAKES} times`, async () => {
  using directory = temporaryDirectory()
  const consumer = startBusy([directory.path, 'consume', 'c', '0', 'disk'])
  await consumer.until('ready')
  const queue = await openQueue<string>(directory.path, 'busy')
  const sent = new Map<string, bigint>()
  for (let n = 0; n < WAKES; n++) {
    await sleep(5 + Math.random() * 10)
    sent.set(`${n}`, process.hrtime.bigint())
    await queue.send(`${n}`, { durability: 'os' })
  }
  await consumer.until('acked', WAKES)
  const waits = consumer.events
    .filter(({ what }) => what === 'got')
    .map(({ body, at }) => Number(at - (sent.get(body) as bigint)) / 1e6)
    .sort((a, b) => a - b)
  const at = (share: number): string => (waits[Math.floor(share * (waits.length - 1))] as number).toFixed(3)
  expect(waits.length).toBe(WAKES)
  await sleep(1000)
  const before = busyMs(consumer.child.pid as number)
  await sleep(IDLE_MS)
  const idle = busyMs(consumer.child.pid as number) - before
  console.log(
    `from send() to the delivery in another process: p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, p99 ${at(0.99)} ms; ` +
      `idle: ${((100 * idle) / IDLE_MS).toFixed(2)} % of a core`,
  )
  consumer.child.kill('SIGKILL')
  await consumer.ended
  await queue.close()
})
