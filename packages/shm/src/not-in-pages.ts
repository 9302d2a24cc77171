import { IpcError, type Transport } from '@ipc/core'
import { CAPABILITIES } from './transport/shm-options.js'

/** In a page there are no files to map: throws IpcError `IPC_NOT_SUPPORTED`. */
export function openRegion(): never {
  throw notInPages('openRegion')
}

/** In a page there are no named regions: throws IpcError `IPC_NOT_SUPPORTED`. */
export function listRegions(): never {
  throw notInPages('listRegions')
}

/** In a page there are no named regions: throws IpcError `IPC_NOT_SUPPORTED`. */
export function removeRegion(): never {
  throw notInPages('removeRegion')
}

/** In a page nobody is found by name: `connect` and `listen` reject with IpcError `IPC_NOT_SUPPORTED`. */
export function shm(): Transport<string> {
  return {
    name: 'shm',
    capabilities: CAPABILITIES,
    async connect() {
      throw notInPages('connect')
    },
    async listen() {
      throw notInPages('listen')
    },
  }
}

function notInPages(what: string): IpcError {
  return new IpcError(
    'IPC_NOT_SUPPORTED',
    `${what}: there is no named shared memory in a page: use createRegion and fromBuffer instead`,
  )
}
