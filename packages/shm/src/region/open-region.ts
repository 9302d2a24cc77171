import { IpcError, isIpcError } from '@ipc/core'
import { checkSize } from '@ipc/core/internal'
import { Bells } from '../wait/bell.js'
import { PeerWatch } from '../wait/peer-watch.js'
import { createNamed } from './create-named.js'
import {
  checkMode,
  checkName,
  codeOf,
  defaultDirectory,
  ensureDirectory,
  fileError,
  isName,
  PRIVATE_MODE,
  REGION_SUFFIX,
} from './directory.js'
import { FileLifeLocks } from './file-life-locks.js'
import { nodeModule } from './node-modules.js'
import { ReadOnlyMapping, type ReadOnlyRegion } from './read-only-region.js'
import { recoverObjects } from './recover-objects.js'
import { MAX_REGION_BYTES, type Region, SharedRegion } from './region.js'
import { attachRegionFile, type MappedRegion, readRegionFile } from './region-file.js'
import { checkSchema } from './region-header.js'

/** Where named regions lie. */
export interface RegionDirectory {
  /**
   * Where the names live; a directory of this user alone (mode 0700), made if it is not there.
   *
   * @default `/dev/shm/ipc-<uid>`, or such a directory below the system's temporary one where there is no `/dev/shm`
   */
  readonly directory?: string | undefined
}

/** Options of {@link openRegion}. */
export interface OpenRegionOptions extends RegionDirectory {
  /**
   * Create a region of this many bytes if there is none of that name; one that is there must have just as many. Without
   * it the region must exist.
   */
  readonly bytes?: number | undefined
  /**
   * With `bytes`: fail with `IPC_ADDRESS_IN_USE` when the region exists, instead of attaching it.
   *
   * @default false
   */
  readonly exclusive?: boolean | undefined
  /**
   * Names what is in the region, at most 64 bytes of UTF-8: the name of a `struct` codec, a version of your layout. Who
   * attaches and expects another one is refused.
   *
   * @default '' for a new region; not looked at when attaching
   */
  readonly schema?: string | undefined
  /**
   * Permissions of a new region: `0o660` shares it with the group of this user. Give all of them the same `directory`
   * then, whose permissions follow, and the same `mode`, which also lets them attach what another user has made.
   *
   * @default 0o600
   */
  readonly mode?: number | undefined
}

/** Options of {@link openRegion} for reading only. */
export interface ReadOnlyOptions extends Pick<OpenRegionOptions, 'directory' | 'schema' | 'mode'> {
  /** Map the memory so that this process cannot change it. */
  readonly access: 'read-only'
}

/** What {@link listRegions} tells about a region. */
export interface RegionInfo {
  readonly name: string
  /** Size of its payload. */
  readonly bytes: number
  readonly schema: string
  /** Process that created it, as that process saw its id; it may be gone. */
  readonly creatorPid: number
  readonly createdAt: Date
}

/**
 * Open a named region: any process of the same user that opens the same name sees the same memory. It stays until
 * {@link removeRegion}, also when nobody has it open. System calls are made here and by `close` only. Does not wait for
 * others, except where there is no room while they create the same region: for five seconds at most.
 *
 * @throws TypeError | RangeError for a name, size or option that cannot be right. IpcError `IPC_CONNECT_FAILED` when
 * there is none and `bytes` is not given; `IPC_ADDRESS_IN_USE`; `IPC_OUT_OF_MEMORY`, also for too many open files;
 * `IPC_PERMISSION_DENIED`; `IPC_PROTOCOL` when it has another size or schema or is no region; `IPC_VERSION_MISMATCH`;
 * `IPC_NOT_SUPPORTED` on this platform.
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
export function openRegion(name: string, options: ReadOnlyOptions): ReadOnlyRegion
export function openRegion(name: string, options?: OpenRegionOptions): Region
export function openRegion(
  name: string,
  options: OpenRegionOptions | ReadOnlyOptions = {},
): Region | ReadOnlyRegion {
  const place = placeOf(name, options)
  if ('access' in options) {
    if (options.access !== 'read-only')
      throw new TypeError(`access must be 'read-only', got ${String(options.access)}`)
    if ('bytes' in options)
      throw new TypeError('a region attached read-only cannot be created: leave out bytes')
    return new ReadOnlyMapping(name, attachRegionFile(place.path, { ...place, access: 'read-only' }))
  }
  const { bytes, exclusive = false } = options
  if (bytes !== undefined) checkSize('bytes', bytes, 1, MAX_REGION_BYTES)
  ensureDirectory(place.directory, place.mode)
  return regionOf(openFile(place, bytes, exclusive), place)
}

/**
 * Remove a named region. Those who have it open keep it; the name is free at once.
 *
 * @returns whether there was one.
 */
export function removeRegion(name: string, options: RegionDirectory = {}): boolean {
  const { path } = placeOf(name, options)
  try {
    nodeModule('node:fs').unlinkSync(path)
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw fileError(`cannot remove region ${name}`, cause)
  }
}

/** The regions of a directory, by name. What cannot be read, or is no region, is left out. */
export function listRegions(options: RegionDirectory = {}): RegionInfo[] {
  const { directory = defaultDirectory() } = options
  let files: string[]
  try {
    files = nodeModule('node:fs').readdirSync(directory)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw fileError(`cannot list ${directory}`, cause)
  }
  return files
    .filter((file) => file.endsWith(REGION_SUFFIX))
    .sort()
    .flatMap((file) => infoOf(`${directory}/${file}`, file.slice(0, -REGION_SUFFIX.length)))
}

const FOR_WRITING = { access: 'read-write', withLockFd: true } as const

interface Place {
  readonly name: string
  readonly directory: string
  readonly path: string
  readonly mode: number
  readonly schema: string | undefined
  /** Whether what is found there may be another user's. */
  readonly foreign: boolean
}

function placeOf(name: string, options: Pick<OpenRegionOptions, 'directory' | 'mode' | 'schema'>): Place {
  const { directory = defaultDirectory(), schema } = options
  const mode = checkMode(options.mode ?? PRIVATE_MODE)
  return {
    name: checkName(name),
    directory,
    path: `${directory}/${name}${REGION_SUFFIX}`,
    mode,
    schema: schema === undefined ? undefined : checkSchema(schema),
    foreign: mode !== PRIVATE_MODE,
  }
}

function regionOf({ mapping, lockFd, payloadBytes, schema }: MappedRegion, place: Place): Region {
  const life = new FileLifeLocks(lockFd as number)
  return new SharedRegion({
    name: place.name,
    buffer: mapping.buffer,
    payloadBytes,
    schema,
    futex: mapping.futex,
    bells: () => Bells.in(place.directory, place.mode),
    crashSafety: { life, recover: recoverObjects, watch: (participants) => new PeerWatch(participants) },
    detach() {
      mapping.release()
      life.close()
    },
  })
}

function openFile(place: Place, bytes: number | undefined, exclusive: boolean): MappedRegion {
  if (bytes === undefined) return attachRegionFile(place.path, { ...place, ...FOR_WRITING })
  // A creator may come first, and its region may be removed again: once more each time.
  while (true) {
    const found = exclusive ? undefined : attachIfThere(place, bytes)
    if (found !== undefined) return found
    const created = createNamed({ ...place, schema: place.schema ?? '', bytes, withLockFd: true })
    if (created !== undefined) return created
    if (exclusive) throw new IpcError('IPC_ADDRESS_IN_USE', `region ${place.name} exists already`)
  }
}

function attachIfThere(place: Place, bytes: number): MappedRegion | undefined {
  try {
    return attachRegionFile(place.path, { ...place, bytes, ...FOR_WRITING })
  } catch (error) {
    if (isIpcError(error) && codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

function infoOf(path: string, name: string): RegionInfo[] {
  if (!isName(name)) return []
  try {
    const { payloadBytes, schema, creatorPid, createdAt } = readRegionFile(path)
    return [{ name, bytes: payloadBytes, schema, creatorPid, createdAt }]
  } catch (error) {
    if (isIpcError(error)) return []
    throw error
  }
}
