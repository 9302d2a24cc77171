import { statSync } from 'node:fs'
import { join } from 'node:path'
import { openQueue } from '@ipc/mq-sqlite'
import { expect, test } from 'vitest'
import { temporaryDirectory } from './fixtures/temporary-directory.js'

/** `test:stress` sends ten millions. */
const MESSAGES = Number(process.env.CHURN_MESSAGES ?? 20_000)
const MOST = Math.min(10_000, MESSAGES / 20)
const BATCH = MOST / 4

/** Of the database and its log. */
function bytesIn(directory: string): number {
  const size = (name: string): number => statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0
  return size('queues.db') + size('queues.db-wal')
}

test(
  `the files do not grow with ${MESSAGES} messages that pass through a queue of ${MOST}`,
  async () => {
    using directory = temporaryDirectory()
    const queue = await openQueue<{ n: number; text: string }>(directory.path, 'churn', {
      durability: 'os',
      create: { maxMessages: MOST },
    })
    const text = 'x'.repeat(100)
    let received = 0
    let early = 0
    const consumer = queue.process(
      () => {
        received++
        if (received === Math.floor(MESSAGES / 4)) early = bytesIn(directory.path)
      },
      { prefetch: BATCH, concurrency: 100 },
    )
    for (let sent = 0; sent < MESSAGES; sent += BATCH) {
      await queue.sendBatch(Array.from({ length: BATCH }, (_, at) => ({ body: { n: sent + at, text } })))
    }
    while (received < MESSAGES) await queue.stats()
    await consumer.stop()
    const late = bytesIn(directory.path)
    console.log(`${MESSAGES} messages: ${early} bytes after a quarter of them, ${late} in the end`)
    expect(late).toBeLessThan(2 * early)
    expect(await queue.stats()).toMatchObject({ ready: 0, leased: 0, bytes: 0 })
    await queue.close()
  },
  Math.max(60_000, MESSAGES / 5),
)
