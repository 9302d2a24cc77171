import type { History, Program } from './histories.js'

export type Status = 'running' | 'blocked' | 'dead'

/**
 * An access that the thread has gone past, and that has not taken effect: a plain store, an atomic one (`release`), the
 * storing half of a read-modify-write (`exclusive`), or a plain load whose value was foretold.
 */
export interface Pending {
  readonly kind: 'store' | 'release' | 'exclusive' | 'load'
  /** Number of the access in the thread's history. */
  readonly depth: number
  readonly word: number
  readonly mask: number
  /** What is stored, or was foretold; in the bits of `mask`. */
  readonly value: number
}

/** A thread in the middle of an execution. */
export interface ThreadState {
  readonly id: number
  readonly history: History
  readonly status: Status
  /** In program order. */
  readonly pending: readonly Pending[]
}

const NONE: readonly Pending[] = []

/** The states of one thread that were reached, each of them once. */
export class ThreadStates {
  readonly first: ThreadState
  readonly program: Program
  readonly #known = new Map<string, ThreadState>()

  constructor(program: Program) {
    this.program = program
    this.first = this.#stateOf(program.root, 'running', NONE)
  }

  /** The next access has had `result`; `pending`, if it has not taken effect yet. */
  issued(state: ThreadState, result: number, pending?: Pending): ThreadState {
    const history = this.program.after(state.history, result)
    const all = pending === undefined ? state.pending : [...state.pending, pending]
    return this.#stateOf(history, state.status, all)
  }

  /** One of the pending accesses has taken effect. */
  settled(state: ThreadState, index: number): ThreadState {
    return this.#stateOf(state.history, state.status, state.pending.toSpliced(index, 1))
  }

  blocked(state: ThreadState): ThreadState {
    return this.#stateOf(state.history, 'blocked', state.pending)
  }

  /** It sleeps no more; `result` says why. */
  woken(state: ThreadState, result: number): ThreadState {
    return this.#stateOf(this.program.after(state.history, result), 'running', state.pending)
  }

  killed(state: ThreadState): ThreadState {
    return this.#stateOf(state.history, 'dead', state.pending)
  }

  #stateOf(history: History, status: Status, pending: readonly Pending[]): ThreadState {
    // History and number of an access say all about it.
    let key = `${history.id} ${status}`
    for (const { depth } of pending) key += ` ${depth}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const state = { id: this.#known.size, history, status, pending }
    this.#known.set(key, state)
    return state
  }
}

/** Whether two accesses touch a byte in common. */
export function overlap(one: { word: number; mask: number }, other: { word: number; mask: number }): boolean {
  return one.word === other.word && (one.mask & other.mask) !== 0
}

/** Whether the thread does nothing any more. */
export function isOver({ history, status }: ThreadState): boolean {
  return status === 'dead' || history.next === undefined
}
