import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  statSync,
} from 'node:fs'
import { dirname, resolve } from 'node:path'
import { IpcError } from '@ipc/core'
import { storeError } from './store-error.js'

/**
 * Whether Node.js lets this process synchronise files: under its permission model it does not, from version 22 on, whatever
 * is allowed. SQLite does it then, in each transaction.
 */
export const MAY_SYNC: boolean = (process as { permission?: unknown }).permission === undefined

/** The database in it. */
export const DATABASE_FILE = 'queues.db'

/** A directory that holds queues. */
export interface QueueDirectory {
  /** Of the database. */
  readonly path: string
  /** The same for all who open it, by whatever path, and nobody else. */
  readonly identity: string
}

/**
 * Make sure that the directory is there, and this user's alone.
 *
 * @throws IpcError `IPC_PERMISSION_DENIED` when it is another user's, open to others or cannot be made.
 */
export function ensureQueueDirectory(name: string): QueueDirectory {
  const directory = resolve(name)
  try {
    const isNew = make(directory)
    const { dev, ino } = checkOwn(directory)
    // SQLite would say of a file system that is read-only that it cannot open the file.
    accessSync(directory, constants.W_OK)
    const path = `${directory}/${DATABASE_FILE}`
    // That of the database SQLite synchronises too, when it makes the log.
    if ((makePrivate(path) || isNew) && MAY_SYNC) {
      syncDirectory(directory)
      syncDirectory(dirname(directory))
    }
    return { path, identity: `queues-${dev.toString(36)}-${ino.toString(36)}` }
  } catch (cause) {
    throw storeError(cause, directory)
  }
}

/** Make it, and what it is in. Returns whether it was not there; what is there may be no directory. */
function make(directory: string): boolean {
  if (existsSync(directory)) return false
  const parent = dirname(directory)
  // Not `recursive`, which never ends where the system lets nobody make anything, as in /proc.
  if (parent !== directory) make(parent)
  try {
    mkdirSync(directory, { mode: 0o700 })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
    return false
  }
  // Whatever the umask.
  chmodSync(directory, 0o700)
  return true
}

/** Whether the directory is still the one of that name. */
export function isInPlace({ path, identity }: QueueDirectory): boolean {
  try {
    const { dev, ino } = statSync(resolve(path, '..'), { bigint: true })
    statSync(path)
    return identity === `queues-${dev.toString(36)}-${ino.toString(36)}`
  } catch {
    return false
  }
}

function checkOwn(directory: string): { readonly dev: bigint; readonly ino: bigint } {
  const found = lstatSync(directory, { bigint: true })
  const mode = Number(found.mode) & 0o777
  const uid = process.getuid?.() ?? Number(found.uid)
  if (found.isDirectory() && Number(found.uid) === uid && (mode & 0o077) === 0) return found
  throw new IpcError(
    'IPC_PERMISSION_DENIED',
    `${directory} must be a directory of user ${uid} with mode 0700, found ` +
      `${found.isDirectory() ? 'a directory' : 'something else'} of user ${found.uid} with mode 0${mode.toString(8)}: ` +
      'chmod 700, or take another directory',
    { details: { directory, uid: Number(found.uid), mode } },
  )
}

/** SQLite would make it readable for all; its other files get the same mode. Returns whether it was not there. */
function makePrivate(path: string): boolean {
  try {
    // Never opened when it is there: closing it would take away the locks that this process has on it.
    closeSync(openSync(path, 'wx', 0o600))
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
    return false
  }
  chmodSync(path, 0o600)
  return true
}

/** Let what is in it survive a loss of power. */
function syncDirectory(directory: string): void {
  const fd = openSync(directory, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
