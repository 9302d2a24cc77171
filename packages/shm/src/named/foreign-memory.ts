import { IpcError } from '@ipc/core'
import { nodeModule } from '../node-modules.js'

/** The functions of the C library that Node does not offer. */
interface ForeignFunctions {
  mmap(
    address: bigint | null,
    bytes: number,
    protection: number,
    flags: number,
    fd: number,
    at: number,
  ): bigint
  munmap(address: bigint, bytes: number): number
  flock(fd: number, operation: number): number
  errno(): number
  view(address: bigint, bytes: number): ArrayBuffer
}

/** Memory of a file, mapped into this process. */
export interface Mapping {
  readonly buffer: ArrayBuffer
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

let loaded: ForeignFunctions | undefined

// Only once nothing refers to the buffer any more may its addresses be used for something else.
const unmapWhenUnreachable = new FinalizationRegistry<{ address: bigint; bytes: number }>(
  ({ address, bytes }) => {
    loaded?.munmap(address, bytes)
  },
)

/** Map `bytes` bytes of the file open as `fd`, readable and writable, shared with all who map it. */
export function mapFile(fd: number, bytes: number): Mapping {
  const c = foreignFunctions()
  const address = c.mmap(null, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
  if (address === MAP_FAILED) {
    throw new IpcError('IPC_OUT_OF_MEMORY', `mmap of ${bytes} bytes failed, errno ${c.errno()}`)
  }
  const buffer = c.view(address, bytes)
  unmapWhenUnreachable.register(buffer, { address, bytes })
  return {
    buffer,
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
 * @returns false when another process (or another descriptor) holds it.
 */
export function lockFile(fd: number): boolean {
  return foreignFunctions().flock(fd, LOCK_EX | LOCK_NB) === 0
}

function anonymousFlag(): number {
  return process.platform === 'darwin' ? 0x1000 : 0x20
}

function foreignFunctions(): ForeignFunctions {
  loaded ??= load()
  return loaded
}

function load(): ForeignFunctions {
  if (process.platform === 'win32') {
    throw new IpcError(
      'IPC_NOT_SUPPORTED',
      'named shared memory is not available on Windows yet: use @ipc/net between processes, or fromBuffer between threads',
    )
  }
  let koffi: typeof import('koffi')
  try {
    koffi = nodeModule('node:module').createRequire(import.meta.url)('koffi')
  } catch (cause) {
    const { platform, arch, version } = process
    throw new IpcError(
      'IPC_NOT_SUPPORTED',
      `the package koffi could not be loaded on ${platform} ${arch}, Node ${version}: named shared memory needs it ` +
        '(was it installed without optional dependencies, or is the runtime one that forbids external memory?)',
      { cause },
    )
  }
  const c = koffi.load(null)
  const mmap = c.func('void *mmap(void *, size_t, int, int, int, int64_t)')
  return {
    mmap: (...args) => koffi.address(mmap(...args)),
    munmap: c.func('int munmap(void *, size_t)'),
    flock: c.func('int flock(int, int)'),
    errno: () => koffi.errno(),
    view: (address, bytes) => koffi.view(address, bytes),
  }
}
