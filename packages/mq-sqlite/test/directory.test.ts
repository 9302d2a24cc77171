import {
  chmodSync,
  chownSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type IpcErrorCode, isIpcError } from '@ipc/core'
import { openQueue } from '@ipc/mq-sqlite'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Database, loadSqlite } from '../src/sqlite.js'
import { startBusy } from './fixtures/history.js'
import { withReadOnly } from './fixtures/launchers.js'
import { type TemporaryDirectory, temporaryDirectory } from './fixtures/temporary-directory.js'

let directory: TemporaryDirectory
let path: string
beforeEach(() => {
  directory = temporaryDirectory()
  path = join(directory.path, 'queues.db')
})
afterEach(() => directory[Symbol.dispose]())

const failsWith = (code: IpcErrorCode) => expect.toSatisfy((error) => isIpcError(error, code))

/** Leave a queue with some messages. */
async function fill(messages: number): Promise<void> {
  const queue = await openQueue<string>(directory.path, 'jobs')
  await queue.sendBatch(Array.from({ length: messages }, (_, at) => ({ body: `${at}`.repeat(100) })))
  await queue.close()
}

async function change(sql: string): Promise<void> {
  const db = new Database(await loadSqlite(), path, 0)
  db.exec(sql)
  db.close()
}

async function expectRefused(code: IpcErrorCode, what: RegExp): Promise<void> {
  const opened = openQueue(directory.path, 'jobs')
  await expect(opened).rejects.toThrow(what)
  await expect(opened).rejects.toEqual(failsWith(code))
}

describe('a directory of queues', () => {
  test('is made where it is not, and is for this user alone', async () => {
    const deep = join(directory.path, 'a', 'b')
    const queue = await openQueue<number>(deep, 'jobs')
    await queue.send(1)
    const modes = [deep, join(deep, 'queues.db'), join(deep, 'queues.db-wal')].map(
      (file) => statSync(file).mode & 0o777,
    )
    expect(modes).toEqual([0o700, 0o600, 0o600])
    await queue.close()
  })

  test('keeps what was sent, in order, when all have left', async () => {
    await fill(3)
    const queue = await openQueue<string>(directory.path, 'jobs')
    expect((await queue.peek(5)).map(({ body }) => body[0])).toEqual(['0', '1', '2'])
    await queue.close()
  })

  test('is open nowhere any more once its last queue is closed', async () => {
    for (let round = 0; round < 10; round++) {
      await fill(1)
      // The last connection removes its log; one that is left lets no other have the file for itself.
      expect(readdirSync(directory.path)).toEqual(['queues.db'])
      await change('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE; COMMIT')
    }
  })

  test('is refused when others may enter it', async () => {
    chmodSync(directory.path, 0o755)
    await expectRefused('IPC_PERMISSION_DENIED', /mode 0755: chmod 700/)
  })

  test('is refused when it is another user’s', async () => {
    if (process.getuid?.() === 0) {
      chownSync(directory.path, 1, 1)
      await expectRefused(
        'IPC_PERMISSION_DENIED',
        /must be a directory of user 0.*found a directory of user 1/,
      )
    } else {
      const opened = openQueue('/root/queues', 'jobs')
      await expect(opened).rejects.toEqual(failsWith('IPC_PERMISSION_DENIED'))
    }
  })

  test('is refused when it is a file', async () => {
    writeFileSync(path, '')
    await expect(openQueue(path, 'jobs')).rejects.toEqual(failsWith('IPC_PERMISSION_DENIED'))
  })

  test('is refused where nothing can be made', async () => {
    await expect(openQueue('/proc/nothing/queues', 'jobs')).rejects.toEqual(
      failsWith('IPC_PERMISSION_DENIED'),
    )
  })

  test.each(['', 'new'])(
    'is refused on a read-only file system, and nothing in it is lost (below it: %j)',
    async (below) => {
      await fill(3)
      const launcher = withReadOnly(directory.path)
      const busy = startBusy([join(directory.path, below), 'both', 'm', '1', 'disk'], { launcher })
      expect(await busy.ended).toBe(3)
      expect(busy.events).toMatchObject([
        { what: 'IPC_PERMISSION_DENIED', body: expect.stringMatching(/is_read-only:_make_the_directory/) },
      ])
      const queue = await openQueue<string>(directory.path, 'jobs')
      expect(await queue.receiveBatch({ max: 5 })).toHaveLength(3)
      await queue.close()
    },
    60_000,
  )

  test('is refused, and left alone, when it holds what is no database', async () => {
    const text = 'these are my notes, and they are worth more to me than any queue '.repeat(100)
    writeFileSync(path, text)
    await expectRefused('IPC_PROTOCOL', /is not a database: move it away/)
    expect(readFileSync(path, 'utf8')).toBe(text)
  })

  test('is refused, and left alone, when it holds the database of another program', async () => {
    await change('CREATE TABLE mine (a); INSERT INTO mine VALUES (1)')
    const before = readFileSync(path)
    await expectRefused('IPC_PROTOCOL', /another program/)
    expect(readFileSync(path)).toEqual(before)
  })

  test('is refused when a later version made it', async () => {
    await fill(1)
    await change('PRAGMA user_version = 99')
    await expectRefused('IPC_VERSION_MISMATCH', /version 99.*knows up to 2: update/)
  })

  test('of an earlier version is brought to this one, and nothing in it is lost', async () => {
    await fill(3)
    await change('ALTER TABLE process DROP COLUMN beat; PRAGMA user_version = 1')
    const queue = await openQueue<string>(directory.path, 'jobs')
    expect(await queue.receiveBatch({ max: 5 })).toHaveLength(3)
    await queue.close()
    await change('SELECT beat FROM process; PRAGMA user_version')
  })

  test('is refused when its file is corrupt', async () => {
    await fill(200)
    const bytes = readFileSync(path)
    bytes.fill(0xa5, 8192, bytes.length - 4096)
    writeFileSync(path, bytes)
    await expectRefused('IPC_STORE_FAILED', /corrupt.*(backup|begin anew)/)
  })

  test('is refused when its file was cut off', async () => {
    await fill(200)
    truncateSync(path, 3 * 4096)
    await expectRefused('IPC_STORE_FAILED', /corrupt/)
  })

  test('can be opened again after it was refused', async () => {
    chmodSync(directory.path, 0o755)
    await expectRefused('IPC_PERMISSION_DENIED', /chmod 700/)
    chmodSync(directory.path, 0o700)
    await fill(1)
  })

  test('that is removed while it is open ends all that is pending, and what is sent then', async () => {
    const queue = await openQueue<string>(directory.path, 'jobs')
    const pending = expect(queue.receive()).rejects.toEqual(failsWith('IPC_STORE_FAILED'))
    rmSync(directory.path, { recursive: true })
    await expect(queue.send('x')).rejects.toEqual(failsWith('IPC_STORE_FAILED'))
    await pending
    await queue.close()
  })

  test('that is removed while nothing happens ends what waits', async () => {
    const queue = await openQueue<string>(directory.path, 'jobs')
    const pending = queue.receive()
    rmSync(directory.path, { recursive: true })
    await expect(pending).rejects.toThrow(/removed, moved or replaced while it was open/)
    await queue.close()
  })
})

test('without SQLite the error names the package to install', async () => {
  vi.doMock('@photostructure/sqlite', () => {
    throw new Error('not found')
  })
  vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never)
  try {
    const loading = loadSqlite()
    await expect(loading).rejects.toThrow(/npm install @photostructure\/sqlite@1, or use Node.js 22.13/)
    await expect(loading).rejects.toEqual(failsWith('IPC_NOT_SUPPORTED'))
  } finally {
    vi.restoreAllMocks()
    vi.doUnmock('@photostructure/sqlite')
  }
})

test('a path that is none, and a name that is none, are a TypeError', async () => {
  expect(() => openQueue('', 'jobs')).toThrow(TypeError)
  expect(() => openQueue(undefined as never, 'jobs')).toThrow(TypeError)
  await expect(openQueue(directory.path, '')).rejects.toThrow(TypeError)
})
