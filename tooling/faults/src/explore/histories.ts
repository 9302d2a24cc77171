import { type Access, isSameAccess, type Port, storedBy, TIMED_OUT } from './access.js'
import { Futures } from './futures.js'
import type { Knowledge } from './knowledge.js'
import type { Realm } from './realm.js'

/** How a thread ended. */
export interface Ended {
  readonly threw: boolean
  /** What it returned, or threw. */
  readonly value: unknown
}

/**
 * All that has happened to a thread so far, as far as it can tell: the results of its accesses. Since its code is
 * deterministic, this is its whole state, and says what it does next.
 */
export class History {
  /** Of the thread's histories, in the order in which they were found. */
  readonly id: number
  readonly parent: History | undefined
  /** Result of the last access. */
  readonly result: number
  /** Number of accesses. */
  readonly depth: number
  /** How often the time of a sleep ran out. */
  readonly timeouts: number
  /** The access that comes next; `undefined` when the thread has ended. */
  next: Access | undefined
  ended: Ended | undefined
  readonly children: Map<number, History> = new Map()
  /** Stores that are made after this, as far as known; see `Futures`. */
  readonly future: number[] = []
  /** Whether anything relied on no more being known. */
  isFutureUsed = false

  constructor(id: number, parent: History | undefined, result: number) {
    this.id = id
    this.parent = parent
    this.result = result
    this.depth = parent === undefined ? 0 : parent.depth + 1
    const hasTimedOut = parent?.next?.operation === 'block' && result === TIMED_OUT
    this.timeouts = (parent?.timeouts ?? 0) + (hasTimedOut ? 1 : 0)
  }
}

const MAX_ACCESSES = 1_000

/** Thrown through the code of a thread to stop it. It is none of its errors. */
const PAUSE: unique symbol = Symbol('pause')

/**
 * A thread, which can be continued from any of its histories: it is run again from its start, its accesses get the
 * results that they had, and the one after them stops it. Each history is run once, and then remembered.
 */
export class Program {
  readonly root: History
  readonly futures: Futures = new Futures()
  readonly #realm: Realm
  readonly #body: () => unknown
  readonly #knowledge: Knowledge
  #count = 0

  constructor(realm: Realm, body: () => unknown, knowledge: Knowledge) {
    this.#realm = realm
    this.#body = body
    this.#knowledge = knowledge
    this.root = new History(this.#count++, undefined, 0)
    this.#run(this.root)
  }

  /** Histories found so far. */
  get count(): number {
    return this.#count
  }

  /** The history in which the access that comes next has had `result`. */
  after(history: History, result: number): History {
    const known = history.children.get(result)
    if (known !== undefined) return known
    const next = new History(this.#count++, history, result)
    history.children.set(result, next)
    this.#run(next)
    const value = storedBy(history.next as Access, result)
    if (value !== undefined) this.futures.add(history, value)
    return next
  }

  /** Run the thread up to its end, or to the access that comes after `history`. */
  #run(history: History): void {
    if (history.depth > MAX_ACCESSES) {
      throw new Error(`a thread makes more than ${MAX_ACCESSES} accesses: its loops need bounds`)
    }
    const port = new Replay(pathTo(history), this.#knowledge)
    const { seam } = this.#realm
    const before = seam.port
    seam.port = port
    this.#realm.resetClock()
    let ended: Ended
    try {
      ended = { threw: false, value: this.#body() }
    } catch (error) {
      ended = { threw: true, value: error }
    } finally {
      seam.port = before
    }
    // Whatever became of the pause: code may have caught it.
    if (port.reached !== undefined) history.next = port.reached
    else if (port.isComplete) history.ended = ended
    else throw differs(ended.threw ? String(ended.value) : 'the thread ended early')
  }

  /** Run the thread along `history` once more, and call `onAccess` within each of its accesses. */
  retrace(history: History, onAccess: () => void): void {
    const replay = new Replay(pathTo(history), this.#knowledge)
    const { seam } = this.#realm
    const before = seam.port
    const access: Port['access'] = (access) => {
      if (replay.reached === undefined && !replay.isConstant(access)) onAccess()
      return replay.access(access)
    }
    seam.port = { access }
    this.#realm.resetClock()
    try {
      this.#body()
    } catch {
      // The pause, or what it threw the first time.
    } finally {
      seam.port = before
    }
  }
}

/** The histories up to this one, the root first. */
export function pathTo(history: History): History[] {
  const path = new Array<History>(history.depth + 1)
  let at: History | undefined = history
  while (at !== undefined) {
    path[at.depth] = at
    at = at.parent
  }
  return path
}

/**
 * Gives a thread the results that it had, and then stops it.
 *
 * Loads of words that nobody writes are answered at once, and are no part of the history: they always find the same. An
 * atomic one also waits for the thread's atomic stores before it, so that it is only left out where one that is part of
 * the history has done so already.
 */
class Replay implements Port {
  reached: Access | undefined
  readonly #path: readonly History[]
  readonly #knowledge: Knowledge
  #at = 0
  /** Whether there was an atomic store since the last atomic access that waits for it. */
  #hasStored = true

  constructor(path: readonly History[], knowledge: Knowledge) {
    this.#path = path
    this.#knowledge = knowledge
  }

  /** Whether an access is one that is left out. */
  isConstant({ operation, word }: Access): boolean {
    if (operation !== 'load' && (operation !== 'Atomics.load' || this.#hasStored)) return false
    return this.#knowledge.constantAt(word) !== undefined
  }

  /** Whether all results were taken. */
  get isComplete(): boolean {
    return this.#at === this.#path.length - 1
  }

  access(access: Access): number {
    // In a `finally`, or after a `catch`, while the thread is being stopped: nothing happens any more.
    if (this.reached !== undefined) throw PAUSE
    if (this.isConstant(access)) return (this.#knowledge.constantAt(access.word) as number) & access.mask
    if (access.operation !== 'load' && access.operation !== 'store') {
      this.#hasStored = access.operation !== 'Atomics.load'
    }
    if (this.isComplete) {
      this.reached = access
      throw PAUSE
    }
    const before = (this.#path[this.#at] as History).next
    if (before === undefined || !isSameAccess(before, access)) {
      throw differs(`${access.operation} of word ${access.word}`)
    }
    this.#at++
    return (this.#path[this.#at] as History).result
  }
}

function differs(how: string): Error {
  return new Error(`a thread does not do the same when it is run again: ${how}`)
}
