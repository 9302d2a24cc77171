import { IpcError } from '@ipc/core'
import { REGION_HEADER_BYTES } from '../layout.js'
import { nodeModule } from '../node-modules.js'
import { checkHeader, MAX_REGION_BYTES, type Region, regionOver, writeHeader } from '../region.js'
import { fileError, userId } from './directory.js'
import { mapFile } from './foreign-memory.js'

const ZEROS_BYTES = 2 ** 18

/**
 * Create the file `path`, which must not exist, with a region of `bytes` bytes in it. Its memory is allocated here:
 * a full tmpfs is an error now, and not a fatal signal at the first write into the mapping.
 */
export function createRegionFile(path: string, bytes: number, name: string | undefined): Region {
  const { closeSync, openSync, unlinkSync } = nodeModule('node:fs')
  let fd: number
  try {
    fd = openSync(path, 'wx+', 0o600)
  } catch (cause) {
    throw fileError(`cannot create region ${path}`, cause)
  }
  try {
    allocate(fd, REGION_HEADER_BYTES + bytes)
    const { buffer, release } = mapFile(fd, REGION_HEADER_BYTES + bytes)
    writeHeader(buffer, bytes)
    return regionOver(buffer, name, release)
  } catch (cause) {
    unlinkSync(path)
    throw cause instanceof IpcError ? cause : fileError(`cannot create region ${path}`, cause)
  } finally {
    closeSync(fd)
  }
}

/**
 * Map the region in the file `path`.
 *
 * @throws IpcError `IPC_CONNECT_FAILED` when there is none; `IPC_PERMISSION_DENIED`; `IPC_PROTOCOL` when the file
 * holds something else; `IPC_VERSION_MISMATCH`.
 */
export function attachRegionFile(path: string, name: string | undefined): Region {
  const { closeSync, constants, fstatSync, openSync } = nodeModule('node:fs')
  let fd: number
  try {
    fd = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW)
  } catch (cause) {
    throw fileError(`cannot attach region ${path}`, cause)
  }
  try {
    const { size, uid } = fstatSync(fd)
    if (uid !== userId()) {
      throw new IpcError('IPC_PERMISSION_DENIED', `region ${path} belongs to user ${uid}`)
    }
    if (size < REGION_HEADER_BYTES || size > REGION_HEADER_BYTES + MAX_REGION_BYTES) {
      throw new IpcError('IPC_PROTOCOL', `${path} is no region: it has ${size} bytes`)
    }
    const { buffer, release } = mapFile(fd, size)
    try {
      checkHeader(buffer, path)
    } catch (error) {
      release()
      throw error
    }
    return regionOver(buffer, name, release)
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
