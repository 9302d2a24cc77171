import { IpcError } from '@ipc/core'

/**
 * Refuse named pipes where there are none.
 *
 * @throws IpcError `IPC_NOT_SUPPORTED`
 */
export function checkPipes(platform: NodeJS.Platform = process.platform): void {
  if (platform === 'win32') return
  throw new IpcError('IPC_NOT_SUPPORTED', 'pipe: addresses are for Windows: use unix:/path here')
}

/** What Windows calls the pipe. */
export function pipePath(name: string): string {
  return `\\\\.\\pipe\\${name}`
}
