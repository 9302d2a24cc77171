import { IpcError } from '@ipc/core'
import type { Futex } from '../wait/futex.js'
import { foreignError, foreignFunctions } from './foreign-functions.js'

/** Memory of a file, mapped into this process. */
export interface Mapping {
  readonly buffer: ArrayBuffer
  /** Blocks and wakes threads of any process that maps the same file. */
  readonly futex: Futex
  /** Give the memory back. `buffer` then shows zeros, so that stale views read them instead of crashing. */
  release(): void
}

const PROT_READ = 1
const PROT_WRITE = 2
const MAP_SHARED = 1
const MAP_PRIVATE = 2
const MAP_FIXED = 0x10
const LOCK_EX = 2
const LOCK_NB = 4
const MAP_FAILED = 2n ** 64n - 1n
// Without FUTEX_PRIVATE_FLAG: that one is for threads of one process.
const FUTEX_WAIT = 0
const FUTEX_WAKE = 1
const ALL = 2 ** 31 - 1
/** Where there is no futex, a blocked thread looks again this often. */
const NAP_MS = 1

// Only once nothing refers to the buffer any more may its addresses be used for something else.
const unmapWhenUnreachable = new FinalizationRegistry<{ address: bigint; bytes: number }>(
  ({ address, bytes }) => {
    foreignFunctions().munmap(address, bytes)
  },
)

/** Map `bytes` bytes of the file open as `fd`, shared with all who map it. */
export function mapFile(
  fd: number,
  bytes: number,
  access: 'read-write' | 'read-only' = 'read-write',
): Mapping {
  const c = foreignFunctions()
  const protection = access === 'read-only' ? PROT_READ : PROT_READ | PROT_WRITE
  const address = c.mmap(null, bytes, protection, MAP_SHARED, fd, 0)
  if (address === MAP_FAILED) {
    throw new IpcError('IPC_OUT_OF_MEMORY', `mmap of ${bytes} bytes failed, errno ${c.errno()}`)
  }
  const buffer = c.view(address, bytes)
  unmapWhenUnreachable.register(buffer, { address, bytes })
  return {
    buffer,
    futex: process.platform === 'linux' ? mappedFutex(Number(address)) : NAPS,
    release() {
      const flags = MAP_PRIVATE | MAP_FIXED | anonymousFlag()
      c.mmap(address, bytes, PROT_READ | PROT_WRITE, flags, -1, 0)
    },
  }
}

/**
 * Take the lock of the file open as `fd`, which lasts until the file is closed or the process is dead, however it
 * died.
 *
 * @returns false when another process (or another descriptor) holds it; `undefined` where the file system has no locks.
 */
export function lockFile(fd: number): boolean | undefined {
  if (foreignFunctions().flock(fd, LOCK_EX | LOCK_NB) === 0) return true
  return foreignError('flock').code === 'EAGAIN' ? false : undefined
}

function mappedFutex(address: number): Futex {
  const { futex } = foreignFunctions()
  const timeout = new BigInt64Array(2)
  return {
    block(word, value, timeoutMs) {
      let until: BigInt64Array | null = null
      if (timeoutMs !== Number.POSITIVE_INFINITY) {
        const seconds = Math.min(Math.floor(timeoutMs / 1000), 2 ** 31)
        timeout[0] = BigInt(seconds)
        timeout[1] = BigInt(Math.floor((timeoutMs % 1000) * 1e6))
        until = timeout
      }
      futex(address + 4 * word, FUTEX_WAIT, value, until)
    },
    unblock(word) {
      futex(address + 4 * word, FUTEX_WAKE, ALL, null)
    },
  }
}

let nap: Int32Array<SharedArrayBuffer> | undefined

const NAPS: Futex = {
  block(_word, _value, timeoutMs) {
    nap ??= new Int32Array(new SharedArrayBuffer(4))
    Atomics.wait(nap, 0, 0, Math.min(timeoutMs, NAP_MS))
  },
  unblock() {
    // Who naps looks by itself.
  },
}

function anonymousFlag(): number {
  return process.platform === 'darwin' ? 0x1000 : 0x20
}
