import { openQueue } from '@ipc/mq-sqlite'
import { inspectQueues } from '@ipc/mq-sqlite/inspect'
import { inspectRegion } from '@ipc/shm/inspect'
import { expect, test, vi } from 'vitest'
import { Neighbours } from '../src/neighbours.js'
import { ensureQueueDirectory } from '../src/queue-directory.js'
import { temporaryDirectory } from './fixtures/temporary-directory.js'

const MESSAGES = 20

/** How many wait for their turn. */
function waiting(region: string): number {
  const inspection = inspectRegion(region)
  const lock = inspection.snapshot().objects.find(({ kind }) => kind === 'mutex')
  inspection.close()
  return lock?.kind === 'mutex' ? lock.waiting : 0
}

test('what is sent while others have their turn takes one turn, not one for each message', async () => {
  using directory = temporaryDirectory()
  const queue = await openQueue<number>(directory.path, 'busy')
  const { identity } = ensureQueueDirectory(directory.path)
  const others = new Neighbours(identity)
  others.lock()
  const sent = [queue.send(0)]
  await vi.waitFor(() => expect(waiting(identity)).toBe(1), { timeout: 10_000 })
  while (sent.length < MESSAGES) {
    sent.push(queue.send(sent.length))
    // So that it is on its way by itself.
    await new Promise((resolve) => setImmediate(resolve))
  }
  others.unlock()
  // In order of asking: after one turn of the queue.
  others.lock()
  const inspection = await inspectQueues(directory.path)
  others.unlock()
  expect(inspection.queues()).toMatchObject([{ name: 'busy', stats: { ready: MESSAGES } }])
  inspection.close()
  await Promise.all(sent)
  await queue.close()
  others.close()
})
