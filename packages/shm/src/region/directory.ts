import type { Stats } from 'node:fs'
import { IpcError } from '@ipc/core'
import { nodeModule } from './node-modules.js'

/** Longest name of a region or address. */
const MAX_NAME_LENGTH = 64

/** The longest path of a Unix socket: longer ones are cut off silently by the system. */
const MAX_SOCKET_PATH_BYTES = 103

/** Suffix of the socket by which peers find a listener. */
const SOCKET_SUFFIX = '.sock'
/** Suffix of the file whose lock proves that a listener lives. */
export const LOCK_SUFFIX = '.lock'
/** Suffix of the region of a connection that is being set up. */
export const PAIR_SUFFIX = '.pair'
/** Suffix of a named region. */
export const REGION_SUFFIX = '.region'
/** Suffix of the bell of a thread. */
export const BELL_SUFFIX = '.bell'
/** Suffix of a file that is not complete yet. */
export const NEW_SUFFIX = '.new'

/**
 * Check a name given by the caller.
 *
 * @throws TypeError unless it is 1 to 64 letters, digits, `-`, `_` and `.`, the first no `.`.
 */
export function checkName(name: string): string {
  if (typeof name !== 'string' || !isName(name)) {
    const shown = typeof name === 'string' ? JSON.stringify(name.slice(0, 80)) : String(name)
    throw new TypeError(
      `a name is 1 to ${MAX_NAME_LENGTH} letters, digits, "-", "_" and ".", not starting with ".": got ${shown}`,
    )
  }
  return name
}

/** Whether {@link checkName} takes the name. */
export function isName(name: string): boolean {
  return /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(name) && name.length <= MAX_NAME_LENGTH
}

/** Where the names of this user live: on tmpfs where there is one. */
export function defaultDirectory(): string {
  const base = isShmThere() ? '/dev/shm' : nodeModule('node:os').tmpdir()
  return `${base}/ipc-${userId()}`
}

function isShmThere(): boolean {
  // Who may not read it must not look elsewhere than others do; and on Node.js 20 may not even ask whether it is there.
  if (process.platform === 'linux' && process.permission?.has('fs.read', '/dev/shm') === false) return true
  return nodeModule('node:fs').existsSync('/dev/shm')
}

/** Mode of files that are this user's alone. */
export const PRIVATE_MODE = 0o600

/**
 * Make sure that `directory` is there, and open to nobody but those who files of `mode` are for: this user alone,
 * unless `mode` names others.
 *
 * @throws IpcError `IPC_PERMISSION_DENIED` when it belongs to somebody else or others may enter it.
 */
export function ensureDirectory(directory: string, mode: number = PRIVATE_MODE): void {
  const { chmodSync, lstatSync, mkdirSync } = nodeModule('node:fs')
  const uid = userId()
  const allowed = directoryMode(mode)
  try {
    mkdirSync(directory, { mode: allowed })
    // What the caller asked for, whatever the umask.
    chmodSync(directory, allowed)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code !== 'EEXIST') throw fileError(`cannot make ${directory}`, cause)
  }
  const found = statOf(directory, lstatSync)
  const ours = found.uid === uid || mode !== PRIVATE_MODE
  if (found.isDirectory() && ours && (found.mode & 0o077 & ~allowed) === 0) return
  const octal = (bits: number): string => `0${(bits & 0o777).toString(8)}`
  throw new IpcError(
    'IPC_PERMISSION_DENIED',
    `${directory} must be a directory of user ${uid} with mode ${octal(allowed)}, found ` +
      `${found.isDirectory() ? 'a directory' : 'a file'} of user ${found.uid} with mode ${octal(found.mode)}`,
    { details: { directory, uid: found.uid } },
  )
}

function statOf(directory: string, lstatSync: typeof import('node:fs').lstatSync): Stats {
  try {
    return lstatSync(directory)
  } catch (cause) {
    throw fileError(`cannot look at ${directory}`, cause)
  }
}

/** Who may read or write the files may enter, and who may write them may add some: waiting needs that. */
function directoryMode(mode: number): number {
  return 0o700 | (mode & 0o066) | ((mode & 0o044) >> 2)
}

/**
 * Check permissions given by the caller.
 *
 * @throws RangeError unless they are read and write bits that include the user's own.
 */
export function checkMode(mode: number): number {
  if (!Number.isInteger(mode) || (mode & ~0o666) !== 0 || (mode & 0o600) !== 0o600) {
    throw new RangeError(`mode must be 0o600, or that and read and write bits of others, got ${mode}`)
  }
  return mode
}

/**
 * Give a new file to those who `mode` is for: whatever the umask, and in the group of its directory, whichever of its
 * groups this process is in.
 */
export function shareFile(path: string, mode: number): void {
  const { chmodSync, chownSync, statSync } = nodeModule('node:fs')
  chmodSync(path, mode)
  const { gid } = statSync(path.slice(0, path.lastIndexOf('/')))
  if (statSync(path).gid === gid) return
  try {
    chownSync(path, userId(), gid)
  } catch (cause) {
    // This user is not in that group: then the mode has to do.
    if ((cause as NodeJS.ErrnoException).code !== 'EPERM') throw cause
  }
}

/** Path of the socket of `name`. */
export function socketPath(directory: string, name: string): string {
  const path = `${directory}/${name}${SOCKET_SUFFIX}`
  if (new TextEncoder().encode(path).length > MAX_SOCKET_PATH_BYTES) {
    throw new RangeError(
      `the path of the socket must be at most ${MAX_SOCKET_PATH_BYTES} bytes, use a shorter name or directory: ${path}`,
    )
  }
  return path
}

/** The user this process runs as. */
export function userId(): number {
  return process.getuid?.() ?? 0
}

/** The error code of the system underneath `error`. */
export function codeOf(error: IpcError): string | undefined {
  return (error.cause as NodeJS.ErrnoException | undefined)?.code
}

/** Say what a failure of the file system means. */
export function fileError(what: string, cause: unknown): IpcError {
  const { code, message } = cause as NodeJS.ErrnoException
  switch (code) {
    case 'ENOSPC':
    case 'ENOMEM':
    case 'EDQUOT':
      return new IpcError(
        'IPC_OUT_OF_MEMORY',
        `${what}: no space left (is /dev/shm too small? in containers set --shm-size)`,
        { cause },
      )
    case 'EFBIG':
      return new IpcError('IPC_OUT_OF_MEMORY', `${what}: ${message} (see ulimit -f)`, { cause })
    case 'ENOLCK':
      return new IpcError('IPC_OUT_OF_MEMORY', `${what}: too many locks of files`, { cause })
    case 'EMFILE':
    case 'ENFILE':
      return new IpcError('IPC_OUT_OF_MEMORY', `${what}: too many open files (see ulimit -n)`, { cause })
    case 'ERR_ACCESS_DENIED':
      return new IpcError(
        'IPC_PERMISSION_DENIED',
        `${what}: the permission model of Node.js forbids it. Start with --allow-fs-read and --allow-fs-write of the ` +
          'directory, and --allow-addons; from Node.js 25 on --allow-net too, for connections',
        { cause },
      )
    case 'EROFS':
      return new IpcError(
        'IPC_PERMISSION_DENIED',
        `${what}: the file system is read-only. Mount a tmpfs there, or name another \`directory\``,
        { cause },
      )
    case 'EACCES':
    case 'EPERM':
      return new IpcError('IPC_PERMISSION_DENIED', `${what}: ${message}`, { cause })
    case 'EEXIST':
      return new IpcError('IPC_ADDRESS_IN_USE', `${what}: it exists already`, { cause })
    case 'ENOENT':
    case 'ENXIO':
      return new IpcError('IPC_CONNECT_FAILED', `${what}: it does not exist`, { cause })
    default:
      return new IpcError('IPC_CONNECT_FAILED', `${what}: ${message}`, { cause })
  }
}
