import { lstatSync, realpathSync, type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { IpcError } from '@ipc/core'

const ROOT = 0
/** Others may put files there, and take files away. */
const GROUP_OR_OTHERS_WRITE = 0o022
/** Others may not take away what is not theirs: `/tmp`. */
const STICKY = 0o1000

/**
 * Refuse a socket that somebody else may have put there: it has to belong to this user or to root, and so has its directory,
 * where nobody else may replace it. Returns whose it is; `undefined` where there is none: connecting tells.
 *
 * @throws IpcError `IPC_PERMISSION_DENIED`
 */
export function checkSocketOwner(
  path: string,
  uid: number | undefined = process.getuid?.(),
): number | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined || uid === undefined) return undefined
  checkDirectory(path, uid)
  if (found.isSymbolicLink()) throw denied(path, 'it is a symbolic link: connect to where the socket is')
  if (!isTrusted(found, uid)) throw denied(path, `it belongs to user ${found.uid}, not to this user`)
  return found.uid
}

/**
 * Refuse a directory where somebody else may replace the socket at `path`.
 *
 * @throws IpcError `IPC_PERMISSION_DENIED`
 */
export function checkDirectory(path: string, uid: number | undefined = process.getuid?.()): void {
  const directory = dirname(path)
  const found = statSync(directory, { throwIfNoEntry: false })
  if (found === undefined || uid === undefined) return
  const real = realpathSync(directory)
  if (!isTrusted(found, uid)) {
    throw denied(
      path,
      `its directory ${real} belongs to user ${found.uid}: use one of this user, with mode 0700`,
    )
  }
  if ((found.mode & GROUP_OR_OTHERS_WRITE) !== 0 && (found.mode & STICKY) === 0) {
    throw denied(path, `others may replace files in its directory ${real}: chmod go-w ${real}`)
  }
}

function isTrusted({ uid }: Stats, self: number): boolean {
  return uid === self || uid === ROOT
}

function denied(path: string, why: string): IpcError {
  return new IpcError('IPC_PERMISSION_DENIED', `unix:${path} is refused: ${why}`, { details: { path } })
}
