import type { Socket } from 'node:net'
import { BELL_SUFFIX, fileError, NEW_SUFFIX } from '../region/directory.js'
import { foreignFunctions } from '../region/foreign-functions.js'
import { nodeModule } from '../region/node-modules.js'

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

/**
 * The doorbells in one directory: a named pipe for each thread that waits in its event loop, whatever number of regions
 * and rings it waits for. Ringing is one system call without a wait, from a thread that is busy as from one that is not.
 *
 * The kernel opens a pipe for writing only if somebody reads it, so a bell also proves that its owner lives: however a
 * process ends, that ends with it. No process id is guessed at.
 */
export class Bells {
  readonly #directory: string
  readonly #mode: number
  readonly #open = new Map<string, number>()
  readonly #listeners = new Set<() => void>()
  readonly #referenced = new Set<() => void>()
  #own: OwnBell | undefined

  private constructor(directory: string, mode: number) {
    this.#directory = directory
    this.#mode = mode
  }

  /** The bells of `directory`; of `mode`, if this is the first time that this thread asks. */
  static in(directory: string, mode: number): Bells {
    const found = known.get(directory) ?? new Bells(directory, mode)
    known.set(directory, found)
    return found
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
        if (this.#listeners.size === 0) this.#close()
        else count()
      },
    }
  }

  /** Wake the owner of a bell. Returns false when it is gone. */
  ring(token: BellToken): boolean {
    const { writeSync } = nodeModule('node:fs')
    const fd = this.#openFor(token)
    if (fd === undefined) return false
    try {
      writeSync(fd, RING)
      return true
    } catch (cause) {
      // A full pipe will wake its owner anyway.
      if ((cause as NodeJS.ErrnoException).code === 'EAGAIN') return true
      this.#forget(token)
      return false
    }
  }

  /** Whether the owner of a bell lives. */
  lives(token: BellToken): boolean {
    const { closeSync } = nodeModule('node:fs')
    const fd = openBell(this.#path(token))
    if (fd === undefined) return false
    closeSync(fd)
    return true
  }

  #hangOwn(): OwnBell {
    const { constants, openSync, renameSync, unlinkSync } = nodeModule('node:fs')
    this.#removeDead()
    const words = new Int32Array(2)
    nodeModule('node:crypto').randomFillSync(words)
    const token = { high: words[0] as number, low: words[1] as number }
    const path = this.#path(token)
    const unfinished = `${path}${NEW_SUFFIX}`
    if (foreignFunctions().mkfifo(unfinished, this.#mode) !== 0) {
      throw fileError(`cannot make ${path}`, new Error(`mkfifo failed, errno ${foreignFunctions().errno()}`))
    }
    // Also for writing: without a writer a pipe is at its end.
    const fd = openSync(unfinished, constants.O_RDWR | constants.O_NONBLOCK)
    // Under its name only once it is read: who finds a bell that nobody reads removes it.
    renameSync(unfinished, path)
    const socket = new (nodeModule('node:net').Socket)({ fd, readable: true, writable: false })
    socket.on('data', () => {
      for (const listener of this.#listeners) listener()
    })
    socket.on('error', () => {})
    socket.unref()
    const remove = (): void => {
      try {
        unlinkSync(path)
      } catch {
        // The directory was removed under us.
      }
    }
    process.once('exit', remove)
    return {
      token,
      socket,
      close() {
        process.off('exit', remove)
        remove()
        socket.destroy()
      },
    }
  }

  #close(): void {
    this.#own?.close()
    this.#own = undefined
    const { closeSync } = nodeModule('node:fs')
    for (const fd of this.#open.values()) closeSync(fd)
    this.#open.clear()
    known.delete(this.#directory)
  }

  #openFor(token: BellToken): number | undefined {
    const name = nameOf(token)
    const known = this.#open.get(name)
    if (known !== undefined) return known
    const fd = openBell(this.#path(token))
    if (fd !== undefined) this.#open.set(name, fd)
    return fd
  }

  #forget(token: BellToken): void {
    const name = nameOf(token)
    const fd = this.#open.get(name)
    this.#open.delete(name)
    if (fd !== undefined) nodeModule('node:fs').closeSync(fd)
  }

  #removeDead(): void {
    const { closeSync, readdirSync, rmSync } = nodeModule('node:fs')
    for (const file of readdirSync(this.#directory)) {
      if (!file.endsWith(BELL_SUFFIX)) continue
      const path = `${this.#directory}/${file}`
      const fd = openBell(path)
      if (fd === undefined) rmSync(path, { force: true })
      else closeSync(fd)
    }
  }

  #path(token: BellToken): string {
    return `${this.#directory}/${nameOf(token)}${BELL_SUFFIX}`
  }
}

/** Open a bell for ringing; `undefined` when its owner is gone. */
function openBell(path: string): number | undefined {
  const { constants, openSync } = nodeModule('node:fs')
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
  } catch {
    return undefined
  }
}

function nameOf({ high, low }: BellToken): string {
  const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0')
  return hex(high) + hex(low)
}
