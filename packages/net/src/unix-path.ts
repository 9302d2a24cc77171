import { randomBytes } from 'node:crypto'
import { type BigIntStats, linkSync, lstatSync, renameSync, unlinkSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { IpcError } from '@ipc/core'

/** `sockaddr_un.sun_path` without its final NUL. */
const MAX_PATH_BYTES: number = process.platform === 'darwin' ? 103 : 107
/** A process that begins to listen has bound already, and nobody answers for an instant: no time to call it dead. */
const STARTING_MS = 250

/**
 * Refuse a path that Node would cut off without a word.
 *
 * @throws TypeError
 * @throws IpcError `IPC_NOT_SUPPORTED` where there are no Unix sockets.
 */
export function checkUnixPath(path: string): void {
  if (process.platform === 'win32') {
    throw new IpcError(
      'IPC_NOT_SUPPORTED',
      'unix: addresses need Unix sockets: use tcp://127.0.0.1 on Windows',
    )
  }
  const bytes = Buffer.byteLength(path)
  if (bytes > MAX_PATH_BYTES) {
    throw new TypeError(
      `Unix socket path has ${bytes} bytes, at most ${MAX_PATH_BYTES} are possible: ${path}`,
    )
  }
}

/**
 * Make `path` free to listen at: a socket that a dead process of this user left there is removed. Nothing else ever is.
 *
 * @throws IpcError `IPC_ADDRESS_IN_USE`; `IPC_CONNECT_FAILED` without a directory.
 */
export async function freeUnixPath(path: string): Promise<void> {
  const found = lstat(path)
  if (found === undefined) {
    const directory = dirname(path)
    if (lstat(directory) !== undefined) return
    throw new IpcError(
      'IPC_CONNECT_FAILED',
      `cannot listen at ${path}: create the directory ${directory} first, with mode 0700`,
      { details: { path, directory } },
    )
  }
  if (!found.isSocket()) throw inUse(path, 'there is a file that is no socket')
  if (Number(found.uid) !== process.getuid?.())
    throw inUse(path, `the socket there belongs to user ${found.uid}`)
  const answer = await probe(path)
  if (answer === 'ECONNREFUSED') {
    const ageMs = Date.now() - Number(found.mtimeMs)
    if (ageMs >= 0 && ageMs < STARTING_MS) {
      await delay(STARTING_MS - ageMs)
      return freeUnixPath(path)
    }
    removeStale(path, found)
  } else if (answer !== 'ENOENT') throw inUse(path, 'somebody listens there already')
}

/** Connect and see: undefined when somebody accepts, else the system's error code. */
function probe(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ path })
    socket.once('connect', () => {
      socket.destroy()
      resolve(undefined)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code))
  })
}

/**
 * Remove the socket that was found dead, and only that one: another process that starts at the same moment may have
 * put a live one in its place. Moving is atomic, so what was moved can be looked at in peace, and be put back.
 */
function removeStale(path: string, stale: BigIntStats): void {
  const aside = `${path}.${randomBytes(8).toString('hex')}`
  try {
    renameSync(path, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  const moved = lstat(aside)
  // The number of an inode is given to the next file at once; the time, which moving does not change, tells them apart.
  const isStale = moved?.ino === stale.ino && moved.dev === stale.dev && moved.mtimeNs === stale.mtimeNs
  try {
    if (!isStale) linkSync(aside, path)
  } finally {
    unlinkSync(aside)
  }
}

function lstat(path: string): BigIntStats | undefined {
  return lstatSync(path, { throwIfNoEntry: false, bigint: true })
}

function inUse(path: string, why: string): IpcError {
  return new IpcError('IPC_ADDRESS_IN_USE', `cannot listen at unix:${path}: ${why}`, { details: { path } })
}
