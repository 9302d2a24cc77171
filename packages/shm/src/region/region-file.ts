import { IpcError } from '@ipc/core'
import { REGION_HEADER_BYTES } from '../layout.js'
import { fileError, PRIVATE_MODE, shareFile, userId } from './directory.js'
import { lockFile, type Mapping, mapFile } from './mapping.js'
import { nap } from './nap.js'
import { nodeModule } from './node-modules.js'
import { MAX_REGION_BYTES } from './region.js'
import { type Expected, type RegionHeader, readHeader, writeHeader } from './region-header.js'

const ZEROS_BYTES = 2 ** 18
/** So often it is looked again, a nap later, for a file that somebody else has to himself for a moment. */
const MOST_NAPS = 500

/** What opening a link, a directory or a socket fails with. */
const NO_FILE: ReadonlySet<string> = new Set(['ELOOP', 'EISDIR', 'ENXIO'])

/** A region of a file, mapped and checked. */
export interface MappedRegion extends RegionHeader {
  readonly mapping: Mapping
  /**
   * The file once more, for locks: for the caller to close. Only when it was asked for. Not the descriptor that is
   * mapped: locks of that one would stay as long as the mapping, and so after the end of a worker thread.
   */
  readonly lockFd?: number | undefined
}

/** What is asked for beside the mapping. */
interface WithLockFd {
  /** Open the file once more, so that it can be locked, or for reading only, so that it can be asked for locks. */
  readonly withLockFd?: boolean | undefined
}

/** Options of {@link createRegionFile}. */
export interface CreateFileOptions extends WithLockFd {
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
  { bytes, mode, schema, withLockFd = false }: CreateFileOptions,
  steps: CreateFileSteps = NO_STEPS,
): MappedRegion {
  const { chmodSync, closeSync, fstatSync, openSync, rmSync } = nodeModule('node:fs')
  let fd: number
  try {
    fd = openSync(path, 'wx+', mode)
  } catch (cause) {
    throw fileError(`cannot create region ${path}`, cause)
  }
  let mapping: Mapping | undefined
  let lockFd: number | undefined
  try {
    if (lockFile(fd) === false || fstatSync(fd).nlink === 0) throw takenForDead()
    // What the caller asked for, whatever the umask. By its name: the permission model of Node.js knows no descriptors.
    if (mode !== PRIVATE_MODE) shareFile(path, mode)
    else if ((fstatSync(fd).mode & 0o777) !== mode) chmodSync(path, mode)
    allocate(fd, REGION_HEADER_BYTES + bytes, steps)
    mapping = mapFile(fd, REGION_HEADER_BYTES + bytes)
    writeHeader(mapping.buffer, bytes, schema)
    if (withLockFd) lockFd = openAgain(path, fd, 'read-write')
    steps.onComplete()
    return { mapping, lockFd, ...readHeader(mapping.buffer, path) }
  } catch (cause) {
    if (lockFd !== undefined) closeSync(lockFd)
    mapping?.release()
    rmSync(path, { force: true })
    throw cause instanceof IpcError ? cause : fileError(`cannot create region ${path}`, cause)
  } finally {
    closeSync(fd)
  }
}

type Access = 'read-write' | 'read-only'

/** Options of {@link attachRegionFile}. */
export interface AttachFileOptions extends Expected, WithLockFd {
  readonly access: Access
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
      return {
        mapping,
        lockFd: options.withLockFd ? openAgain(path, fd, options.access) : undefined,
        ...header,
      }
    } catch (cause) {
      mapping.release()
      throw cause instanceof IpcError ? cause : fileError(`cannot attach region ${path}`, cause)
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
  { access, foreign }: AttachFileOptions,
  use: (fd: number, size: number) => T,
): T {
  const { closeSync, fstatSync } = nodeModule('node:fs')
  let fd: number
  try {
    fd = openFile(path, access)
  } catch (cause) {
    if (NO_FILE.has((cause as NodeJS.ErrnoException).code ?? '')) {
      throw new IpcError('IPC_PROTOCOL', `${path} is no region: ${(cause as Error).message}`, { cause })
    }
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
    return use(fd, size)
  } finally {
    closeSync(fd)
  }
}

function openFile(path: string, access: Access): number {
  const { constants, openSync } = nodeModule('node:fs')
  const flags = access === 'read-only' ? constants.O_RDONLY : constants.O_RDWR
  for (let naps = 0; ; naps++) {
    try {
      return openSync(path, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    } catch (cause) {
      // Somebody is finding out whether anybody has it (`whileAlone`), and is done with that in a moment.
      if ((cause as NodeJS.ErrnoException).code !== 'EAGAIN' || naps === MOST_NAPS) throw cause
      nap()
    }
  }
}

/** Open the file that is open as `fd` under another descriptor. */
function openAgain(path: string, fd: number, access: Access): number {
  const { closeSync, fstatSync } = nodeModule('node:fs')
  const again = openFile(path, access)
  if (fstatSync(again).ino === fstatSync(fd).ino) return again
  closeSync(again)
  throw Object.assign(new Error('replaced by another one just now'), { code: 'ENOENT' })
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
