import { openQueue } from '@ipc/mq-sqlite'
import { inspectQueues } from '@ipc/mq-sqlite/inspect'
import { inspectRegion } from '@ipc/shm/inspect'
import { expect, test, vi } from 'vitest'
import { Neighbours } from '../src/neighbours.js'
import { openDatabase } from '../src/open-database.js'
import { ensureQueueDirectory } from '../src/queue-directory.js'
import { loadSqlite } from '../src/sqlite.js'
import { SqliteStore } from '../src/sqlite-store.js'
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

test('whoever has had a turn is not woken for what came before it', async () => {
  using directory = temporaryDirectory()
  const place = ensureQueueDirectory(directory.path)
  const neighbours = new Neighbours(place.identity)
  neighbours.lock()
  const store = new SqliteStore(place, openDatabase(await loadSqlite(), place.path), neighbours)
  neighbours.await(1, 0)
  neighbours.unlock()
  const others = new Neighbours(place.identity)
  const ring = (): void => {
    others.lock()
    others.ring(1, 0)
    others.unlock()
  }
  ring()
  store.begin()
  store.commit()
  let isRung = false
  const rung = neighbours.rung().then(() => (isRung = true))
  // It would be at once.
  await new Promise((resolve) => setImmediate(resolve))
  expect(isRung).toBe(false)
  ring()
  await rung
  others.close()
  store.close()
})
