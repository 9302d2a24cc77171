import { IpcError } from '@ipc/core'

/** Option of Node.js from 25 on; versions before it let everybody use the network. */
const OPTION = '--allow-net'

/**
 * Refuse to listen where the permission model of Node.js forbids it: Node.js itself would throw that where nobody can
 * catch it.
 *
 * @throws IpcError `IPC_PERMISSION_DENIED`
 */
export function checkPermission(address: string): void {
  const { permission } = process
  if (permission === undefined || permission.has('net') || !process.allowedNodeEnvironmentFlags.has(OPTION))
    return
  throw new IpcError('IPC_PERMISSION_DENIED', `cannot listen at ${address}: ${PERMISSION_ADVICE}`, {
    details: { address },
  })
}

/** What to do about it. */
export const PERMISSION_ADVICE: string = `the permission model of Node.js forbids it: start with ${OPTION}`
