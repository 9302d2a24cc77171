import { IpcError, isIpcError } from '@ipc/core'
import { checkSize } from '@ipc/core/internal'
import { nodeModule } from '../node-modules.js'
import { MAX_REGION_BYTES, type Region } from '../region.js'
import {
  checkName,
  defaultDirectory,
  ensureDirectory,
  fileError,
  NEW_SUFFIX,
  REGION_SUFFIX,
} from './directory.js'
import { attachRegionFile, createRegionFile } from './region-file.js'

/** Options of {@link openRegion}. */
export interface OpenRegionOptions {
  /**
   * Create a region of this many bytes if there is none of that name. Without it the region must exist.
   */
  readonly bytes?: number | undefined
  /**
   * With `bytes`: fail with `IPC_ADDRESS_IN_USE` when the region exists, instead of attaching it.
   *
   * @default false
   */
  readonly exclusive?: boolean | undefined
  /**
   * Where the names live; a directory of this user alone (mode 0700).
   *
   * @default `/dev/shm/ipc-<uid>`, or such a directory below the system's temporary one where there is no `/dev/shm`
   */
  readonly directory?: string | undefined
}

/**
 * Open a named region: any process of the same user that opens the same name sees the same memory. It stays until
 * {@link removeRegion}, also when nobody has it open.
 *
 * @throws TypeError | RangeError for a name or size that cannot be right. IpcError `IPC_CONNECT_FAILED` when there is
 * none and `bytes` is not given; `IPC_ADDRESS_IN_USE`; `IPC_OUT_OF_MEMORY`; `IPC_PERMISSION_DENIED`; `IPC_PROTOCOL` when
 * it has another size or is no region; `IPC_VERSION_MISMATCH`; `IPC_NOT_SUPPORTED` on this platform.
 *
 * @example
 * ```ts
 * import { openRegion } from '@ipc/shm'
 *
 * const region = openRegion('counters', { bytes: 4096 })
 * const counters = new Int32Array(region.bytes.buffer, region.bytes.byteOffset, 16)
 * Atomics.add(counters, 0, 1) // every process that opens 'counters' counts here
 * ```
 */
export function openRegion(name: string, options: OpenRegionOptions = {}): Region {
  const { bytes, exclusive = false, directory = defaultDirectory() } = options
  checkName(name)
  if (bytes !== undefined) checkSize('bytes', bytes, 1, MAX_REGION_BYTES)
  ensureDirectory(directory)
  const path = `${directory}/${name}${REGION_SUFFIX}`
  if (!exclusive) {
    const found = attachIfThere(path, name, bytes)
    if (found !== undefined) return found
  }
  if (bytes === undefined) return attachRegionFile(path, name)
  return createNamed(path, name, bytes) ?? retryAttach(path, name, bytes, exclusive)
}

/**
 * Remove a named region. Those who have it open keep it; the name is free at once.
 *
 * @returns whether there was one.
 */
export function removeRegion(name: string, options: Pick<OpenRegionOptions, 'directory'> = {}): boolean {
  const { directory = defaultDirectory() } = options
  try {
    nodeModule('node:fs').unlinkSync(`${directory}/${checkName(name)}${REGION_SUFFIX}`)
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw fileError(`cannot remove region ${name}`, cause)
  }
}

/** Names of this user's regions, sorted. */
export function listRegions(options: Pick<OpenRegionOptions, 'directory'> = {}): string[] {
  const { directory = defaultDirectory() } = options
  try {
    return nodeModule('node:fs')
      .readdirSync(directory)
      .filter((file) => file.endsWith(REGION_SUFFIX))
      .map((file) => file.slice(0, -REGION_SUFFIX.length))
      .sort()
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw fileError(`cannot list ${directory}`, cause)
  }
}

function attachIfThere(path: string, name: string, bytes: number | undefined): Region | undefined {
  let region: Region
  try {
    region = attachRegionFile(path, name)
  } catch (error) {
    if (isIpcError(error, 'IPC_CONNECT_FAILED')) return undefined
    throw error
  }
  if (bytes !== undefined && region.bytes.length !== bytes) {
    const found = region.bytes.length
    region.close()
    throw new IpcError('IPC_PROTOCOL', `region ${name} has ${found} bytes, expected ${bytes}`, {
      details: { bytes: found, expected: bytes },
    })
  }
  return region
}

/** Create under another name and link it: nobody ever sees a region that is not complete, and one creator wins. */
function createNamed(path: string, name: string, bytes: number): Region | undefined {
  const { linkSync, unlinkSync } = nodeModule('node:fs')
  const unique = nodeModule('node:crypto').randomBytes(8).toString('hex')
  const unfinished = `${path}.${unique}${NEW_SUFFIX}`
  const region = createRegionFile(unfinished, bytes, name)
  try {
    linkSync(unfinished, path)
    return region
  } catch (cause) {
    region.close()
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return undefined
    throw fileError(`cannot create region ${name}`, cause)
  } finally {
    unlinkSync(unfinished)
  }
}

function retryAttach(path: string, name: string, bytes: number, exclusive: boolean): Region {
  const found = exclusive ? undefined : attachIfThere(path, name, bytes)
  if (found !== undefined) return found
  throw new IpcError('IPC_ADDRESS_IN_USE', `region ${name} exists already`)
}
