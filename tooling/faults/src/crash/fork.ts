import { closeSync, openSync, readSync } from 'node:fs'
import { createRequire } from 'node:module'

const MADV_DOFORK = 11
const WUNTRACED = 2
/** The lower byte of a status: the process is stopped. */
const STOPPED = 0x7f
const SIGKILL = 9
const SIGCONT = 18
const SIGSTOP = 19
const MAPS_BYTES = 2 ** 20

/** How a process has ended: its status as `waitpid` gives it. */
export interface Ended {
  readonly signal: number
  readonly code: number
}

/** Makes processes out of this one, as it is: its program is loaded, so one costs milliseconds. Linux only. */
export interface Forks {
  /** Returns 0 in the new process, its id in this one. */
  fork(): number
  /** Block until a process has ended. */
  wait(pid: number): Ended
}

/**
 * Only in a process with a single thread that does anything (`node --single-threaded`): the new one has no other. It may
 * use the event loop if this one does not.
 */
export function loadForks(): Forks {
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi')
  const c = koffi.load(null)
  const fork = c.func('int fork()')
  const getpid = c.func('int getpid()')
  const waitpid = c.func('int waitpid(int, void *, int)')
  const kill = c.func('int kill(int, int)')
  const madvise = c.func('int madvise(uintptr_t, size_t, int)')
  const maps = { before: Buffer.alloc(MAPS_BYTES), after: Buffer.alloc(MAPS_BYTES) }
  const status = new Int32Array(1)
  /** Whether this process has other memory than in `maps.before`. */
  const hasChanged = (): boolean => {
    const after = readMaps(maps.after)
    return after !== length || maps.before.compare(maps.after, 0, after, 0, length) !== 0
  }
  let length = 0
  /**
   * The engine takes its heap out of what child processes get, since they mostly run something else. Put it back, until
   * that has not needed any new memory itself.
   */
  const keepForChild = (): void => {
    do {
      length = readMaps(maps.before)
      for (const [start, bytes] of privateMemory(maps.before, length)) madvise(start, bytes, MADV_DOFORK)
    } while (hasChanged())
  }
  return {
    fork() {
      while (true) {
        keepForChild()
        const pid = fork() as number
        if (pid === 0) {
          // It was read when Node started.
          Object.defineProperty(process, 'pid', { value: getpid(), enumerable: true })
          kill(process.pid, SIGSTOP)
          return 0
        }
        // The engine may have got a page in between, which the child lacks, and would die of sooner or later.
        waitpid(pid, status, WUNTRACED)
        const isStopped = ((status[0] as number) & 0xff) === STOPPED
        if (isStopped && !hasChanged()) {
          kill(pid, SIGCONT)
          return pid
        }
        kill(pid, SIGKILL)
        if (isStopped) waitpid(pid, status, 0)
      }
    },
    wait(pid) {
      waitpid(pid, status, 0)
      const found = status[0] as number
      return { signal: found & 0x7f, code: (found >> 8) & 0xff }
    },
  }
}

/** What memory this process has, as text. Returns its length. */
function readMaps(into: Buffer): number {
  const fd = openSync('/proc/self/maps', 'r')
  let length = 0
  for (let read = -1; read !== 0; length += read)
    read = readSync(fd, into, length, into.length - length, null)
  closeSync(fd)
  return length
}

/** Where memory begins that is this process's alone and of no file, and how long it is. */
function privateMemory(maps: Buffer, length: number): [number, number][] {
  return maps
    .toString('latin1', 0, length)
    .split('\n')
    .flatMap((line): [number, number][] => {
      const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) ...p \S+ \S+ 0\s*$/.exec(line) ?? []
      if (from === undefined || to === undefined) return []
      const start = Number.parseInt(from, 16)
      return [[start, Number.parseInt(to, 16) - start]]
    })
}
