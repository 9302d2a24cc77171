import { isIpcError } from '@ipc/core'
import type { RegionInfo } from '@ipc/shm'
import { inspectRegion, type RegionSnapshot } from '@ipc/shm/inspect'
import { NotFoundError } from '../exit-codes.js'
import { gatherListeners, type ListenerEntry } from './listing.js'

/** All that is known about a name: there may be a region and a listener of it. */
export interface Statistics {
  readonly name: string
  readonly region: (RegionInfo & RegionSnapshot) | undefined
  readonly listener: ListenerEntry | undefined
}

/**
 * Look at a name.
 *
 * @throws NotFoundError when there is nothing of that name. IpcError `IPC_PERMISSION_DENIED`, `IPC_PROTOCOL`, ...
 */
export async function gatherStatistics(name: string, directory: string): Promise<Statistics> {
  const region = regionOf(name, directory)
  const listener = (await gatherListeners(directory)).find((found) => found.name === name)
  if (region !== undefined || listener !== undefined) return { name, region, listener }
  throw new NotFoundError(`there is no region and no listener ${name} in ${directory}: \`ipc ls\` lists them`)
}

function regionOf(name: string, directory: string): Statistics['region'] {
  try {
    const region = inspectRegion(name, { directory })
    try {
      return { ...region.info, ...region.snapshot() }
    } finally {
      region.close()
    }
  } catch (error) {
    if (isIpcError(error, 'IPC_CONNECT_FAILED')) return undefined
    throw error
  }
}
