import { IpcError, type IpcErrorCode, isIpcError } from '@ipc/core'

/** What SQLite's primary result codes mean here, and what to do about them. */
const KINDS: Readonly<Record<number, readonly [IpcErrorCode, string]>> = {
  3: ['IPC_PERMISSION_DENIED', 'may not be accessed: check owner and mode of the directory'],
  5: ['IPC_TIMEOUT', 'is locked by a program that is not @ipc/mq-sqlite: end it'],
  6: ['IPC_TIMEOUT', 'is locked by a program that is not @ipc/mq-sqlite: end it'],
  8: ['IPC_PERMISSION_DENIED', 'is read-only: make the directory and its files writable'],
  10: ['IPC_STORE_FAILED', 'could not be read or written: check the disk, then open the queue again'],
  11: ['IPC_STORE_FAILED', 'is corrupt: restore it from a backup, or move it away to begin anew'],
  13: ['IPC_OUT_OF_MEMORY', 'has no room on its disk: make some, then open the queue again'],
  14: [
    'IPC_PERMISSION_DENIED',
    'cannot be opened: check that the directory is there, its owner and its mode',
  ],
  17: ['IPC_STORE_FAILED', 'was changed by another program'],
  26: ['IPC_PROTOCOL', 'is not a database: move it away to begin anew, or take another directory'],
}

/** The `IpcError` for what SQLite or the file system threw. */
export function storeError(cause: unknown, path: string): IpcError {
  if (isIpcError(cause)) return cause
  const { errcode, code, message } = cause as { errcode?: number; code?: string; message?: string }
  if (code === 'ERR_ACCESS_DENIED') {
    return new IpcError(
      'IPC_PERMISSION_DENIED',
      `${path} may not be accessed under the permission model of Node.js: start with --allow-fs-read and --allow-fs-write of it`,
      { cause, details: { path } },
    )
  }
  const primary = errcode === undefined ? primaryOf(code) : errcode & 0xff
  const [ipcCode, what] = KINDS[primary] ?? ['IPC_STORE_FAILED', 'failed']
  return new IpcError(ipcCode, `${path} ${what} (${message ?? String(cause)})`, {
    cause,
    details: { path, ...(errcode === undefined ? {} : { sqlite: errcode }) },
  })
}

/** A system error in terms of SQLite. */
function primaryOf(code: string | undefined): number {
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 13
    case 'EACCES':
    case 'EPERM':
      return 3
    case 'EROFS':
      return 8
    case 'ENOENT':
    case 'ENOTDIR':
      return 14
    default:
      return 10
  }
}
