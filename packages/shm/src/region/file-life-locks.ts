import { IpcError } from '@ipc/core'
import { OBJECTS_PARTICIPANTS, PARTICIPANT_BYTES, REGION_HEADER_BYTES } from '../layout.js'
import type { LifeLocks } from '../wait/life-locks.js'
import { fileError } from './directory.js'
import { foreignError, foreignFunctions } from './foreign-functions.js'
import { nodeModule } from './node-modules.js'

/** How a system passes `struct flock`: where its fields are, in units of their size, and the numbers it knows. */
interface FlockLayout {
  readonly bytes: number
  /** An int16. */
  readonly type: number
  /** An int64 each. */
  readonly start: number
  readonly length: number
  readonly writeLock: number
  readonly unlock: number
  readonly setCommand: number
  readonly testCommand: number
}

const LINUX: FlockLayout = {
  bytes: 32,
  type: 0,
  start: 1,
  length: 2,
  writeLock: 1,
  unlock: 2,
  setCommand: 37,
  testCommand: 36,
}
const DARWIN: FlockLayout = {
  bytes: 24,
  type: 10,
  start: 0,
  length: 1,
  writeLock: 3,
  unlock: 2,
  setCommand: 90,
  testCommand: 92,
}

/**
 * Life locks of a named region: locks of an open file description (`F_OFD_SETLK`) on the first byte of each slot, in the
 * region's own file. They belong to the descriptor by which this thread has the region open: they end when the process
 * is dead, also as a zombie, when its worker thread ends, or the descriptor is closed; a stopped process keeps them; no
 * other namespace of process ids matters; and nobody can remove them by removing files.
 */
export class FileLifeLocks implements LifeLocks {
  readonly #fd: number
  readonly #layout: FlockLayout = process.platform === 'darwin' ? DARWIN : LINUX
  readonly #bytes: Uint8Array
  readonly #int16s: Int16Array
  readonly #int64s: BigInt64Array

  /** @param fd - The region's file, open for writing, or to ask for locks only for reading; closed by {@link close}. */
  constructor(fd: number) {
    this.#fd = fd
    const memory = new ArrayBuffer(this.#layout.bytes)
    this.#bytes = new Uint8Array(memory)
    this.#int16s = new Int16Array(memory)
    this.#int64s = new BigInt64Array(memory)
  }

  /** @throws IpcError `IPC_NOT_SUPPORTED` where the system has no such locks; `IPC_OUT_OF_MEMORY` for too many. */
  take(slot: number): boolean {
    if (this.#call(this.#layout.setCommand, this.#layout.writeLock, slot)) return true
    const cause = foreignError('fcntl')
    if (cause.code === 'EAGAIN' || cause.code === 'EACCES') return false
    if (cause.code === 'EINVAL') {
      throw new IpcError('IPC_NOT_SUPPORTED', 'this system has no locks of open files (F_OFD_SETLK)', {
        cause,
      })
    }
    throw fileError('cannot lock a slot of the region', cause)
  }

  release(slot: number): void {
    this.#call(this.#layout.setCommand, this.#layout.unlock, slot)
  }

  isTaken(slot: number): boolean {
    const { testCommand, writeLock, type, unlock } = this.#layout
    // Where nothing can be known, nobody is taken for dead.
    return !this.#call(testCommand, writeLock, slot) || this.#int16s[type] !== unlock
  }

  /** Close the file; all locks end. */
  close(): void {
    try {
      nodeModule('node:fs').closeSync(this.#fd)
    } catch {
      // Somebody has closed it who closes all that he does not know.
    }
  }

  #call(command: number, type: number, slot: number): boolean {
    const byte = REGION_HEADER_BYTES + OBJECTS_PARTICIPANTS + slot * PARTICIPANT_BYTES
    // The rest is 0: SEEK_SET, and no process id.
    this.#bytes.fill(0)
    this.#int16s[this.#layout.type] = type
    this.#int64s[this.#layout.start] = BigInt(byte)
    this.#int64s[this.#layout.length] = 1n
    return foreignFunctions().fcntl(this.#fd, command, this.#bytes) === 0
  }
}
