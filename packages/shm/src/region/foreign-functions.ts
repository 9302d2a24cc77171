import { IpcError } from '@ipc/core'
import { nodeModule } from './node-modules.js'

/** The functions of the C library that Node does not offer. */
export interface ForeignFunctions {
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
  /** For commands that take a `struct flock`. */
  fcntl(fd: number, command: number, lock: Uint8Array): number
  /** For commands that take a number. */
  fcntlNumber(fd: number, command: number, value: number): number
  mkfifo(path: string, mode: number): number
  /**
   * Open a file that is there, not to be inherited by child processes. Node counts the descriptors that a worker opens
   * by `node:fs`, and closes them when it ends; for one that a socket closes before, that would be somebody else's.
   */
  open(path: string, flags: number): number
  /** For what `open` has opened, while no socket has it. */
  close(fd: number): number
  /** The system call `futex`; not on macOS. `timeout`: seconds and nanoseconds. */
  futex(address: number, operation: number, value: number, timeout: BigInt64Array | null): number
  errno(): number
  /** View of memory. */
  view(address: bigint, bytes: number): ArrayBuffer
}

/** Numbers of the system call `futex`. */
const FUTEX_CALLS: Readonly<Record<string, number>> = {
  x64: 202,
  arm64: 98,
  riscv64: 98,
  loong64: 98,
  ppc64: 221,
  s390x: 238,
}

const O_CLOEXEC = 0x8_0000
const O_CLOEXEC_DARWIN = 0x100_0000

let loaded: ForeignFunctions | undefined

/** Load them, once. */
export function foreignFunctions(): ForeignFunctions {
  loaded ??= load()
  return loaded
}

/** Why a function of {@link ForeignFunctions} failed just now, as `node:fs` would say it. */
export function foreignError(what: string): NodeJS.ErrnoException {
  const code = nodeModule('node:util').getSystemErrorName(-foreignFunctions().errno())
  return Object.assign(new Error(`${what} failed: ${code}`), { code })
}

function load(): ForeignFunctions {
  const { platform, arch } = process
  if (platform === 'win32') {
    throw new IpcError(
      'IPC_NOT_SUPPORTED',
      'named shared memory is not available on Windows yet: use @ipc/net between processes, or fromBuffer between threads',
    )
  }
  const koffi = loadKoffi()
  const c = koffi.load(null)
  const mmap = c.func('void *mmap(void *, size_t, int, int, int, int64_t)')
  const open = c.func('int open(const char *, int)')
  const fcntl = c.func('int fcntl(int, int, ...)')
  const closeOnExec = platform === 'darwin' ? O_CLOEXEC_DARWIN : O_CLOEXEC
  const futexCall = platform === 'linux' ? FUTEX_CALLS[arch] : undefined
  const syscall =
    futexCall === undefined
      ? undefined
      : c.func('long syscall(long, uintptr_t, int, uint32_t, void *, void *, uint32_t)')
  return {
    mmap: (...args) => koffi.address(mmap(...args)),
    munmap: c.func('int munmap(void *, size_t)'),
    flock: c.func('int flock(int, int)'),
    fcntl: (fd, command, lock) => fcntl(fd, command, 'void *', lock),
    fcntlNumber: (fd, command, value) => fcntl(fd, command, 'int', value),
    mkfifo: c.func('int mkfifo(const char *, uint32_t)'),
    open: (path, flags) => open(path, flags | closeOnExec),
    close: c.func('int close(int)'),
    futex(address, operation, value, timeout) {
      if (syscall === undefined) return -1
      return syscall(futexCall, address, operation, value >>> 0, timeout, null, 0)
    },
    errno: () => koffi.errno(),
    view: (address, bytes) => koffi.view(address, bytes),
  }
}

function loadKoffi(): typeof import('koffi') {
  try {
    return nodeModule('node:module').createRequire(import.meta.url)('koffi')
  } catch (cause) {
    const { platform, arch, version } = process
    if ((cause as NodeJS.ErrnoException).code === 'ERR_DLOPEN_DISABLED') {
      throw new IpcError(
        'IPC_PERMISSION_DENIED',
        'named shared memory needs the native package koffi, which Node.js was told not to load: start with --allow-addons',
        { cause },
      )
    }
    throw new IpcError(
      'IPC_NOT_SUPPORTED',
      `the package koffi could not be loaded on ${platform} ${arch}, Node ${version}: named shared memory needs it ` +
        '(was it installed without optional dependencies, or is the runtime one that forbids external memory?)',
      { cause },
    )
  }
}
