import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isIpcError } from '@ipc/core'
import { openQueue } from '@ipc/mq-sqlite'
import { listRegions, openRegion, removeRegion } from '@ipc/shm'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ensureQueueDirectory } from '../src/queue-directory.js'
import { startBusy } from './fixtures/history.js'
import { type TemporaryDirectory, temporaryDirectory } from './fixtures/temporary-directory.js'

let directory: TemporaryDirectory
let name: string
beforeEach(() => {
  directory = temporaryDirectory()
  name = ensureQueueDirectory(directory.path).identity
  // What those have left who were killed in a directory that had the same number.
  removeRegion(name)
})
afterEach(() => directory[Symbol.dispose]())

const isThere = (): boolean => listRegions().some((region) => region.name === name)

describe('the shared memory of a directory', () => {
  test('is gone when the last one has closed, and not before', async () => {
    const [first, second] = await Promise.all([
      openQueue<string>(directory.path, 'busy'),
      startBusy([directory.path, 'consume', 'c', '0', 'os']),
    ])
    await second.until('ready')
    await first.send('work')
    await second.until('acked')
    expect(isThere()).toBe(true)
    await first.close()
    expect(isThere()).toBe(true)
    second.child.kill('SIGKILL')
    await second.ended
    const third = await openQueue<string>(directory.path, 'busy')
    expect(await third.stats()).toMatchObject({ ready: 0, leased: 0 })
    await third.close()
    expect(isThere()).toBe(false)
  })

  test('is gone when the directory could not be opened', async () => {
    writeFileSync(join(directory.path, 'queues.db'), 'these are my notes '.repeat(100))
    await expect(openQueue(directory.path, 'jobs')).rejects.toThrow(/is not a database/)
    // The thread says so before it ends.
    await vi.waitFor(() => expect(isThere()).toBe(false), { timeout: 10_000 })
  })

  test('that another version left, of a directory that may be gone, is replaced', async () => {
    openRegion(name, { bytes: 4096, schema: 'ipc-mq-sqlite-0' }).close()
    const queue = await openQueue<string>(directory.path, 'jobs')
    await queue.send('work')
    expect((await queue.receive())?.body).toBe('work')
    await queue.close()
    expect(isThere()).toBe(false)
  })

  test('that another version left is replaced once by several who come at the same time', async () => {
    openRegion(name, { bytes: 4096, schema: 'ipc-mq-sqlite-0' }).close()
    const all = Array.from({ length: 4 }, (_, n) => startBusy([directory.path, 'both', `b${n}`, '5', 'os']))
    await Promise.all(all.map(({ ended }) => ended))
    expect(all.map(({ events }) => events.at(-1))).toMatchObject(all.map(() => ({ what: 'closed' })))
    const sent = all.flatMap(({ events }) => events.filter(({ what }) => what === 'os'))
    expect(sent.length).toBe(20)
    // However they met when they closed it.
    expect(isThere()).toBe(false)
  })

  test('is left to another version that uses it', async () => {
    const other = openRegion(name, { bytes: 4096, schema: 'ipc-mq-sqlite-0' })
    const opened = openQueue<string>(directory.path, 'jobs')
    await expect(opened).rejects.toThrow(/another version of @ipc\/mq-sqlite has the directory open.*-0/)
    await expect(opened).rejects.toSatisfy((error) => isIpcError(error, 'IPC_VERSION_MISMATCH'))
    other.close()
    const queue = await openQueue<string>(directory.path, 'jobs')
    await queue.close()
  })
})
