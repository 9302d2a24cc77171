import { IpcError } from '@ipc/core'
import { REGION_HEADER_BYTES } from '../layout.js'
import { fileError, PRIVATE_MODE, shareFile, userId } from './directory.js'
import { lockFile, type Mapping, mapFile } from './mapping.js'
import { nodeModule } from './node-modules.js'
import { MAX_REGION_BYTES } from './region.js'
import { type Expected, type RegionHeader, readHeader, writeHeader } from './region-header.js'

const ZEROS_BYTES = 2 ** 18

/** What opening a link, a directory or a socket fails with. */
const NO_FILE: ReadonlySet<string> = new Set(['ELOOP', 'EISDIR', 'ENXIO'])

/** A region of a file, mapped and checked. */
export interface MappedRegion extends RegionHeader {
  readonly mapping: Mapping
  /** The file, still open: for the caller to close. Only when it was asked for. */
  readonly fd?: number | undefined
}

/** What is asked for beside the mapping. */
interface KeepOpen {
  /** Leave the file open, so that it can be locked. */
  readonly keepOpen?: boolean | undefined
}

/** Options of {@link createRegionFile}. */
export interface CreateFileOptions extends KeepOpen {
  readonly bytes: number
  readonly mode: number
  readonly schema: string
}

/** What happens while {@link createRegionFile} is at work. Until it returns the file is locked: its creator lives. */
export interface CreateFileSteps {
  /** There is no room. Returns to try once more, or throws. */
  onFull(cause: unknown): void
  /** The region is complete. */
  onComplete(): void
}

const NO_STEPS: CreateFileSteps = {
  onFull(cause) {
    throw cause
  },
  onComplete() {},
}

/**
 * Create the file `path`, which must not exist, with a region in it. Its memory is allocated here: a full tmpfs is an
 * error now, and not a fatal signal at the first write into the mapping.
 */
export function createRegionFile(
  path: string,
  { bytes, mode, schema, keepOpen = false }: CreateFileOptions,
  steps: CreateFileSteps = NO_STEPS,
): MappedRegion {
  const { closeSync, fchmodSync, fstatSync, openSync, rmSync } = nodeModule('node:fs')
  let fd: number
  try {
    fd = openSync(path, 'wx+', mode)
  } catch (cause) {
    throw fileError(`cannot create region ${path}`, cause)
  }
  let mapping: Mapping | undefined
  let keep = false
  try {
    if (lockFile(fd) === false || fstatSync(fd).nlink === 0) throw takenForDead()
    // What the caller asked for, whatever the umask.
    fchmodSync(fd, mode)
    if (mode !== PRIVATE_MODE) shareFile(path, mode)
    allocate(fd, REGION_HEADER_BYTES + bytes, steps)
    mapping = mapFile(fd, REGION_HEADER_BYTES + bytes)
    writeHeader(mapping.buffer, bytes, schema)
    steps.onComplete()
    const header = readHeader(mapping.buffer, path)
    keep = keepOpen
    return { mapping, fd: keep ? fd : undefined, ...header }
  } catch (cause) {
    mapping?.release()
    rmSync(path, { force: true })
    throw cause instanceof IpcError ? cause : fileError(`cannot create region ${path}`, cause)
  } finally {
    if (!keep) closeSync(fd)
  }
}

/** Options of {@link attachRegionFile}. */
export interface AttachFileOptions extends Expected, KeepOpen {
  readonly access: 'read-write' | 'read-only'
  /** Whether the file may be another user's. */
  readonly foreign: boolean
}

/**
 * Map the region in the file `path`.
 *
 * @throws IpcError `IPC_CONNECT_FAILED` when there is none; `IPC_PERMISSION_DENIED`; `IPC_PROTOCOL` when the file
 * holds something else; `IPC_VERSION_MISMATCH`.
 */
export function attachRegionFile(path: string, options: AttachFileOptions): MappedRegion {
  return withRegionFile(path, options, (fd, size) => {
    const mapping = mapFile(fd, size, options.access)
    try {
      const header = readHeader(mapping.buffer, path, options)
      return { mapping, fd: options.keepOpen ? fd : undefined, ...header }
    } catch (error) {
      mapping.release()
      throw error
    }
  })
}

/**
 * What the header in the file `path` tells, whoever made it.
 *
 * @throws as {@link attachRegionFile}.
 */
export function readRegionFile(path: string): RegionHeader {
  return withRegionFile(path, { access: 'read-only', foreign: true }, (fd, size) => {
    const header = new Uint8Array(REGION_HEADER_BYTES)
    nodeModule('node:fs').readSync(fd, header, 0, header.length, 0)
    return readHeader(header.buffer, path, {}, size)
  })
}

function withRegionFile<T>(
  path: string,
  { access, foreign, keepOpen = false }: AttachFileOptions,
  use: (fd: number, size: number) => T,
): T {
  const { closeSync, constants, fstatSync, openSync } = nodeModule('node:fs')
  const flags = access === 'read-only' ? constants.O_RDONLY : constants.O_RDWR
  let fd: number
  try {
    fd = openSync(path, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (cause) {
    if (NO_FILE.has((cause as NodeJS.ErrnoException).code ?? '')) {
      throw new IpcError('IPC_PROTOCOL', `${path} is no region: ${(cause as Error).message}`, { cause })
    }
    throw fileError(`cannot attach region ${path}`, cause)
  }
  let keep = false
  try {
    const stat = fstatSync(fd)
    const { size, uid } = stat
    if (!foreign && uid !== userId()) {
      throw new IpcError(
        'IPC_PERMISSION_DENIED',
        `region ${path} belongs to user ${uid}, this process runs as ${userId()}`,
      )
    }
    if (!stat.isFile() || size < REGION_HEADER_BYTES || size > REGION_HEADER_BYTES + MAX_REGION_BYTES) {
      throw new IpcError('IPC_PROTOCOL', `${path} is no region: it has ${size} bytes`)
    }
    const result = use(fd, size)
    keep = keepOpen
    return result
  } finally {
    if (!keep) closeSync(fd)
  }
}

/** Somebody removed the file as one that a dead creator left behind: before it was locked, it looked like that. */
function takenForDead(): NodeJS.ErrnoException {
  return Object.assign(new Error('removed by another process'), { code: 'ENOENT' })
}

/** Write zeros, and so reserve every page, which `ftruncate` would not. */
function allocate(fd: number, bytes: number, { onFull }: CreateFileSteps): void {
  const { ftruncateSync, writeSync } = nodeModule('node:fs')
  const zeros = new Uint8Array(Math.min(bytes, ZEROS_BYTES))
  for (let at = 0; at < bytes; ) {
    try {
      at += writeSync(fd, zeros, 0, Math.min(zeros.length, bytes - at), at)
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ENOSPC') throw cause
      // All or nothing; nobody has mapped the file yet.
      ftruncateSync(fd, 0)
      onFull(cause)
      at = 0
    }
  }
}
