import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { MessageQueue } from '@ipc/core'
import { type Broker, createBroker, mqProcess } from '@ipc/mq'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { launchChild } from '../fixtures/launch.js'

const program = new URL('../fixtures/queue-program.ts', import.meta.url)
const LONG_LEASE_MS = 3_600_000

let broker: Broker
let queue: MessageQueue<{ n: number; deadly?: boolean }>
const children: ChildProcess[] = []

beforeEach(async () => {
  broker = createBroker({ queues: { queue: { leaseMs: LONG_LEASE_MS, maxAttempts: 3 } } })
  queue = await broker.queue('queue')
})

afterEach(async () => {
  await broker.close()
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

/** Start a program that is a client of the broker here. */
async function start(task: string): Promise<ChildProcess> {
  const child = launchChild(program, task)
  children.push(child)
  broker.serve(await mqProcess().listen(child))
  return child
}

/** Resolves when so many messages are leased. */
async function leased(count: number): Promise<void> {
  while ((await queue.stats()).leased !== count) await delay(5)
}

/** A message that a program sends beside its connection. */
function word(child: ChildProcess): Promise<Record<string, unknown>> {
  return new Promise((resolve) => {
    child.on('message', (message) => {
      if (!Array.isArray(message)) resolve(message as Record<string, unknown>)
    })
  })
}

test('who sent is gone before who receives begins, and every message is retrieved, by priority', async () => {
  const sender = await start('send ten thousand and exit')
  expect(await once(sender, 'exit')).toEqual([0, null])
  expect(await queue.stats()).toMatchObject({ ready: 10_000, leased: 0 })
  const receiver = await start('retrieve all and exit')
  const [{ seen }] = await Promise.all([word(receiver), once(receiver, 'exit')])
  const numbers = Array.from({ length: 10_000 }, (_, n) => n)
  expect(seen).toEqual(numbers.sort((a, b) => (b % 7) - (a % 7) || a - b))
  expect(await queue.stats()).toMatchObject({ ready: 0, leased: 0, bytes: 0 })
})

test('what a killed consumer had is back in its old places at once; only what it was handling counts as an attempt', async () => {
  await queue.sendBatch(
    Array.from({ length: 120 }, (_, n) => ({ body: { n }, options: { priority: -(n % 3) } })),
  )
  const inOrder = (await queue.peek(120)).map(({ body }) => body.n)
  const consumer = await start('hold on to messages')
  await word(consumer)
  await leased(100)
  consumer.kill('SIGKILL')
  await leased(0)
  const again: number[][] = []
  for (let i = 0; i < 120; i++) {
    const delivery = await queue.receive()
    again.push([delivery!.body.n, delivery!.attempt])
  }
  expect(again).toEqual(inOrder.map((n, place) => [n, place === 0 ? 2 : 1]))
})

// Four programs, one after the other.
test('a message that kills its consumers at once is given up, and no other one pays for it', {
  timeout: 90_000,
}, async () => {
  await queue.sendBatch(Array.from({ length: 9 }, (_, n) => ({ body: { n, deadly: n === 4 } })))
  let deaths = 0
  while ((await queue.stats()).dead === 0) {
    const consumer = await start('die of some')
    await once(consumer, 'exit')
    deaths++
    // The broker hears of it by the end of the channel.
    await leased(0)
  }
  const [letter] = await queue.deadLetters()
  expect(letter).toMatchObject({ body: { n: 4 }, attempt: 3, reason: 'max attempts' })
  // The first time it was not known what it had begun.
  expect(deaths).toBeLessThanOrEqual(4)
  for (const { attempt } of await queue.peek(10)) expect(attempt).toBe(1)
})
