import { IpcError } from '@ipc/core'
import { REGION_HEADER_BYTES } from '../layout.js'
import { fileError, userId } from './directory.js'
import { type Mapping, mapFile } from './mapping.js'
import { nodeModule } from './node-modules.js'
import { MAX_REGION_BYTES } from './region.js'
import { type Expected, type RegionHeader, readHeader, writeHeader } from './region-header.js'

const ZEROS_BYTES = 2 ** 18

/** A region of a file, mapped and checked. */
export interface MappedRegion extends RegionHeader {
  readonly mapping: Mapping
}

/** Options of {@link createRegionFile}. */
export interface CreateFileOptions {
  readonly bytes: number
  readonly mode: number
  readonly schema: string
}

/**
 * Create the file `path`, which must not exist, with a region in it. Its memory is allocated here: a full tmpfs is an
 * error now, and not a fatal signal at the first write into the mapping.
 */
export function createRegionFile(path: string, { bytes, mode, schema }: CreateFileOptions): MappedRegion {
  const { closeSync, fchmodSync, openSync, unlinkSync } = nodeModule('node:fs')
  let fd: number
  try {
    fd = openSync(path, 'wx+', mode)
  } catch (cause) {
    throw fileError(`cannot create region ${path}`, cause)
  }
  try {
    // What the caller asked for, whatever the umask.
    fchmodSync(fd, mode)
    allocate(fd, REGION_HEADER_BYTES + bytes)
    const mapping = mapFile(fd, REGION_HEADER_BYTES + bytes)
    writeHeader(mapping.buffer, bytes, schema)
    return { mapping, ...readHeader(mapping.buffer, path) }
  } catch (cause) {
    unlinkSync(path)
    throw cause instanceof IpcError ? cause : fileError(`cannot create region ${path}`, cause)
  } finally {
    closeSync(fd)
  }
}

/** Options of {@link attachRegionFile}. */
export interface AttachFileOptions extends Expected {
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
  const { closeSync, constants, fstatSync, openSync } = nodeModule('node:fs')
  const { access, foreign } = options
  const flags = access === 'read-only' ? constants.O_RDONLY : constants.O_RDWR
  let fd: number
  try {
    fd = openSync(path, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (cause) {
    throw fileError(`cannot attach region ${path}`, cause)
  }
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
    const mapping = mapFile(fd, size, access)
    try {
      return { mapping, ...readHeader(mapping.buffer, path, options) }
    } catch (error) {
      mapping.release()
      throw error
    }
  } finally {
    closeSync(fd)
  }
}

/** Write zeros, and so reserve every page, which `ftruncate` would not. */
function allocate(fd: number, bytes: number): void {
  const { writeSync } = nodeModule('node:fs')
  const zeros = new Uint8Array(Math.min(bytes, ZEROS_BYTES))
  for (let at = 0; at < bytes; ) at += writeSync(fd, zeros, 0, Math.min(zeros.length, bytes - at), at)
}
