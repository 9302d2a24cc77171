import type { MemoryState } from './memory-states.js'
import type { ThreadState } from './thread-states.js'

/** What the threads have noted, the newest first. */
export interface Notes {
  readonly id: number
  readonly before: Notes | undefined
  readonly value: unknown
  readonly next: Map<string, Notes>
}

/** What one step of an execution did. */
export type StepKind =
  /** The next access took place; a store goes to where it waits to become visible. */
  | 'access'
  /** The next access is a load that has its result before it takes effect. */
  | 'foretell'
  /** A pending access takes effect. */
  | 'settle'
  /** A sleeper wakes up by itself. */
  | 'time out'
  | 'die'

/** A moment of an execution: all that decides how it can go on, and how it came to this. */
export interface World {
  readonly memory: MemoryState
  readonly threads: readonly ThreadState[]
  readonly notes: Notes
  readonly before: World | undefined
  readonly step: StepKind
  /** Who did it, and which of its pending accesses took effect. */
  readonly thread: number
  readonly index: number
}

/** The steps up to a moment, the first one first. */
export function stepsTo(world: World): World[] {
  const steps: World[] = []
  for (let at = world; at.before !== undefined; at = at.before) steps.push(at)
  return steps.reverse()
}

/** The log, the oldest first. */
export function listOf(notes: Notes): unknown[] {
  const list: unknown[] = []
  for (let at = notes; at.before !== undefined; at = at.before) list.push(at.value)
  return list.reverse()
}

/** The logs that were reached, each of them once. */
export class NoteStates {
  readonly first: Notes = { id: 0, before: undefined, value: undefined, next: new Map() }
  #count = 1

  after(notes: Notes, value: unknown): Notes {
    const key = JSON.stringify(value)
    const known = notes.next.get(key)
    if (known !== undefined) return known
    const next = { id: this.#count++, before: notes, value, next: new Map() }
    notes.next.set(key, next)
    return next
  }
}

/** Parts have fewer numbers than this, so that two of them fit a number exactly. */
const MOST = 2 ** 26

/** Which moments were seen. Nothing is forgotten or mixed up: what is kept are numbers for pairs, not hashes. */
export class Seen {
  readonly #pairs: Map<number, number>[]

  constructor(threads: number) {
    this.#pairs = Array.from({ length: threads + 1 }, () => new Map())
  }

  /** Returns whether it is new. */
  add({ memory, threads, notes }: World): boolean {
    let key = this.#number(0, memory.id, notes.id)
    const last = threads.length - 1
    for (let i = 0; i < last; i++) key = this.#number(i + 1, key, (threads[i] as ThreadState).id)
    const map = this.#pairs[last + 1] as Map<number, number>
    const pair = pairOf(key, (threads[last] as ThreadState).id)
    if (map.has(pair)) return false
    map.set(pair, 0)
    return true
  }

  #number(level: number, one: number, other: number): number {
    const map = this.#pairs[level] as Map<number, number>
    const pair = pairOf(one, other)
    const known = map.get(pair)
    if (known !== undefined) return known
    map.set(pair, map.size)
    return map.size - 1
  }
}

function pairOf(one: number, other: number): number {
  if (one >= MOST || other >= MOST) throw new RangeError('too many states')
  return one * MOST + other
}
