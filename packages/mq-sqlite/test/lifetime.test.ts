import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { PACKAGES_CONDITION } from '@ipc/conformance/packages-condition'
import type { MessageQueue } from '@ipc/core'
import { openQueue, openTopic } from '@ipc/mq-sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type TemporaryDirectory, temporaryDirectory } from './fixtures/temporary-directory.js'

let directory: TemporaryDirectory
let queue: MessageQueue<string>
beforeEach(async () => {
  directory = temporaryDirectory()
  queue = await openQueue<string>(directory.path, 'jobs')
})
afterEach(async () => {
  await queue.close()
  directory[Symbol.dispose]()
})

/** Run a process that closes nothing; resolves to what it printed when it has ended by itself. */
async function leave(what: string): Promise<string> {
  const program = new URL('./fixtures/leaving.ts', import.meta.url).pathname
  const node = ['--import', import.meta.resolve('tsx'), PACKAGES_CONDITION, program]
  const child = spawn(process.execPath, [...node, directory.path, what], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let printed = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text
  })
  const [code] = await once(child, 'close')
  expect(code).toBe(0)
  return printed.trim()
}

describe('a process that closes nothing', () => {
  test('ends by itself, and what it sent is there, awaited or not', async () => {
    expect(await leave('send')).toBe('disk')
    expect(await leave('send-unawaited')).toBe('left')
    expect(await queue.stats()).toMatchObject({ ready: 2 })
  })

  test('waits until what it acknowledged without an answer is through', async () => {
    await queue.send('a')
    expect(await leave('process')).toBe('a')
    expect(await queue.stats()).toMatchObject({ ready: 0, leased: 0 })
  })

  test('waits for a message that another process sends', async () => {
    const ended = leave('receive')
    await queue.send('at last')
    expect(await ended).toBe('at last')
    // It had not acknowledged it.
    expect((await queue.receive())?.attempt).toBe(2)
  })
})

test('queues of one directory close one by one, and open again', async () => {
  const other = await openQueue<string>(directory.path, 'other')
  await queue.transaction((tx) => {
    tx.send(queue, 'a')
    tx.send(other, 'b')
  })
  await queue.close()
  expect((await other.receive())?.body).toBe('b')
  await other.close()
  queue = await openQueue<string>(directory.path, 'jobs')
  expect((await queue.receive())?.body).toBe('a')
})

test('a topic gives what is published to its subscriptions, also those of another time', async () => {
  const events = await openTopic<number>(directory.path, 'events')
  const billing = await events.subscribe('billing', { pattern: 'order.*' })
  expect(await events.publish('order.paid', 990)).toBe(1)
  await billing.close()
  expect(await (await openTopic<number>(directory.path, 'events')).publish('order.sent', 1)).toBe(1)
  const again = await openQueue<number>(directory.path, 'billing')
  expect((await again.receiveBatch({ max: 5 })).map(({ body }) => body)).toEqual([990, 1])
  await again.close()
})

test('receipts say what was asked for and reached, by queue and by message', async () => {
  const quick = await openQueue<string>(directory.path, 'jobs', { durability: 'os' })
  const levels = [
    await quick.send('a'),
    await quick.send('b', { durability: 'disk' }),
    await quick.send('c', { durability: 'memory' }),
    ...(await quick.sendBatch([{ body: 'd' }, { body: 'e', options: { durability: 'disk' } }])),
    await queue.send('f'),
  ]
  expect(levels.map(({ durability }) => durability)).toEqual(['os', 'disk', 'memory', 'os', 'disk', 'disk'])
  expect((await queue.receiveBatch({ max: 10 })).map(({ body }) => body).join('')).toBe('abcdef')
  await quick.close()
})
