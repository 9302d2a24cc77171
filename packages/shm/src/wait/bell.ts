import type { Socket } from 'node:net'
import { BELL_SUFFIX, fileError, NEW_SUFFIX, PRIVATE_MODE, shareFile } from '../region/directory.js'
import { foreignError, foreignFunctions } from '../region/foreign-functions.js'
import { nodeModule } from '../region/node-modules.js'
import { atExit } from './at-exit.js'

/** Name of a bell: two int32, as they stand in a participant's slot. */
export interface BellToken {
  readonly high: number
  readonly low: number
}

/** One listener of this thread's doorbell. */
export interface Bell {
  readonly token: BellToken
  /** Keep the process alive for rings, as it does not from the start. */
  ref(): void
  unref(): void
  close(): void
}

interface OwnBell {
  readonly token: BellToken
  readonly socket: Socket
  close(): void
}

const known = new Map<string, Bells>()

const RING = new Uint8Array([1])
/** Rings that one read takes. */
const READ_BYTES = 256

/** So many bells of others stay open for the next ring; the owners of some may be long gone. */
const MAX_OPEN = 128

/**
 * The doorbells in one directory: a named pipe for each thread that waits in its event loop, whatever number of regions
 * and rings it waits for. Ringing is one system call without a wait, from a thread that is busy as from one that is not.
 *
 * The kernel opens a pipe for writing only if somebody reads it, so a bell that nobody reads is known to be left behind,
 * and is removed.
 */
export class Bells {
  readonly #directory: string
  readonly #mode: number
  readonly #open = new Map<string, number>()
  readonly #listeners = new Set<() => void>()
  readonly #referenced = new Set<() => void>()
  #own: OwnBell | undefined
  #users = 0

  private constructor(directory: string, mode: number) {
    this.#directory = directory
    this.#mode = mode
  }

  /** The bells in `directory` that users of files of `mode` may ring. Who is done with them calls `release`. */
  static in(directory: string, mode: number): Bells {
    const key = keyOf(directory, mode)
    const found = known.get(key) ?? new Bells(directory, mode)
    known.set(key, found)
    found.#users++
    return found
  }

  /** Nothing is left open when all who asked for these bells have called this. */
  release(): void {
    if (--this.#users > 0) return
    known.delete(keyOf(this.#directory, this.#mode))
    this.#forgetAll()
  }

  /** Listen to the bell of this thread. `onRing` may be called without need. */
  hang(onRing: () => void): Bell {
    this.#own ??= this.#hangOwn()
    const own = this.#own
    const listener = (): void => onRing()
    const count = (): void => {
      if (this.#referenced.size > 0) own.socket.ref()
      else own.socket.unref()
    }
    this.#listeners.add(listener)
    return {
      token: own.token,
      ref: () => {
        this.#referenced.add(listener)
        count()
      },
      unref: () => {
        this.#referenced.delete(listener)
        count()
      },
      close: () => {
        this.#referenced.delete(listener)
        this.#listeners.delete(listener)
        if (this.#listeners.size > 0) return count()
        this.#own = undefined
        own.close()
      },
    }
  }

  /** Wake the owner of a bell. Returns false when it is gone or cannot be reached. */
  ring(token: BellToken): boolean {
    const fd = this.#openFor(token)
    if (fd === undefined) return false
    try {
      nodeModule('node:fs').writeSync(fd, RING)
      return true
    } catch (cause) {
      // A full pipe will wake its owner anyway.
      if ((cause as NodeJS.ErrnoException).code === 'EAGAIN') return true
      this.#forget(nameOf(token))
      return false
    }
  }

  /** Remove the bell that a dead thread left. Does nothing to the bell of a living one. */
  remove(token: BellToken): void {
    if (token.high === 0 && token.low === 0) return
    removeIfDead(this.#path(token))
  }

  #hangOwn(): OwnBell {
    while (true) {
      this.#removeDead()
      const words = new Int32Array(2)
      nodeModule('node:crypto').randomFillSync(words)
      const token = { high: words[0] as number, low: words[1] as number }
      const path = this.#path(token)
      const fd = makeBell(path, this.#mode)
      if (fd === undefined) continue
      const callback = (): boolean => {
        for (const listener of this.#listeners) listener()
        return true
      }
      // Into a buffer of its own: else each ring makes one, of 64 KiB, and goes through a stream.
      const onread = { buffer: new Uint8Array(READ_BYTES), callback }
      const options = { fd, readable: true, writable: false, onread }
      const socket = new (nodeModule('node:net').Socket)(options)
      socket.on('error', () => {})
      socket.unref()
      const remove = (): void => removeFile(path)
      const forget = atExit(remove)
      const close = (): void => {
        forget()
        remove()
        socket.destroy()
      }
      return { token, socket, close }
    }
  }

  #openFor(token: BellToken): number | undefined {
    const name = nameOf(token)
    const known = this.#open.get(name)
    if (known !== undefined) return known
    if (this.#open.size >= MAX_OPEN) this.#forgetAll()
    let found = openBell(this.#path(token))
    if (found === 'unknown' && this.#open.size > 0) {
      // Most likely this process has too many files open; those here are for convenience.
      this.#forgetAll()
      found = openBell(this.#path(token))
    }
    if (typeof found !== 'number') return undefined
    this.#open.set(name, found)
    return found
  }

  #forget(name: string): void {
    const fd = this.#open.get(name)
    this.#open.delete(name)
    if (fd !== undefined) nodeModule('node:fs').closeSync(fd)
  }

  #forgetAll(): void {
    for (const name of this.#open.keys()) this.#forget(name)
  }

  #removeDead(): void {
    let files: string[]
    try {
      files = nodeModule('node:fs').readdirSync(this.#directory)
    } catch (cause) {
      throw fileError(`cannot read ${this.#directory}`, cause)
    }
    for (const file of files) {
      if (!file.endsWith(BELL_SUFFIX) && !file.endsWith(BELL_SUFFIX + NEW_SUFFIX)) continue
      removeIfDead(`${this.#directory}/${file}`)
    }
  }

  #path(token: BellToken): string {
    return `${this.#directory}/${nameOf(token)}${BELL_SUFFIX}`
  }
}

/**
 * Make a pipe and open it for reading.
 *
 * @returns its descriptor; `undefined` when another thread took it for one left behind.
 */
function makeBell(path: string, mode: number): number | undefined {
  const { constants, renameSync } = nodeModule('node:fs')
  const { mkfifo, open, close } = foreignFunctions()
  const unfinished = `${path}${NEW_SUFFIX}`
  if (mkfifo(unfinished, mode) !== 0) throw fileError(`cannot make ${path}`, foreignError('mkfifo'))
  let fd = -1
  try {
    if (mode !== PRIVATE_MODE) shareFile(unfinished, mode)
    // Also for writing: without a writer a pipe is at its end.
    fd = open(unfinished, constants.O_RDWR | constants.O_NONBLOCK)
    if (fd < 0) throw foreignError('open')
    // Under its name only once it is read: who finds a bell that nobody reads removes it.
    renameSync(unfinished, path)
    return fd
  } catch (cause) {
    if (fd >= 0) close(fd)
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    removeFile(unfinished)
    throw fileError(`cannot make ${path}`, cause)
  }
}

/** Open a bell for ringing: its descriptor, or that its owner is dead, or that nothing is known, as with too many files. */
function openBell(path: string): number | 'dead' | 'unknown' {
  const { constants, openSync } = nodeModule('node:fs')
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    return code === 'ENXIO' || code === 'ENOENT' ? 'dead' : 'unknown'
  }
}

function removeIfDead(path: string): void {
  if (isDeadBell(path)) removeFile(path)
}

/** Whether it is known that nobody reads the bell at `path`. */
export function isDeadBell(path: string): boolean {
  const found = openBell(path)
  if (typeof found === 'number') nodeModule('node:fs').closeSync(found)
  return found === 'dead'
}

function removeFile(path: string): void {
  try {
    nodeModule('node:fs').unlinkSync(path)
  } catch {
    // Somebody else removed it, or is the only one who may.
  }
}

function keyOf(directory: string, mode: number): string {
  return `${mode} ${directory}`
}

function nameOf({ high, low }: BellToken): string {
  const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0')
  return hex(high) + hex(low)
}
