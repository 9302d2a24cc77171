import { type Access, isSameAccess, isSamePlace, storedBy } from './access.js'
import { type History, pathTo } from './histories.js'
import type { Knowledge } from './knowledge.js'
import type { Pending, ThreadState, ThreadStates } from './thread-states.js'

interface Answer {
  /** How many values were known then. */
  readonly values: number
  readonly answer: boolean
}

const answers = new WeakMap<ThreadState, Map<number, Answer>>()
const MOST_ACCESSES = 2 ** 16

/**
 * Whether a plain store may be visible before a plain load that comes before it in the program: when the thread stores
 * the same there whatever that load finds. Then neither the address of the store, nor its value, nor that it is made,
 * depends on the load. A store that does depend on it is never early on arm64, which orders stores after what they
 * depend on. This may find fewer dependencies than are in the code (`x ^ x`, or branches that store the same), so it
 * allows more than arm64 does; but nothing comes out of thin air.
 */
export function isIndependent(
  states: ThreadStates,
  knowledge: Knowledge,
  state: ThreadState,
  load: Pending,
  store: Pending,
): boolean {
  const values = knowledge.valuesIn(load.word, load.mask)
  const known = answers.get(state) ?? new Map<number, Answer>()
  answers.set(state, known)
  const key = load.depth * MOST_ACCESSES + store.depth
  const before = known.get(key)
  if (before?.values === values.length) return before.answer
  const path = pathTo(state.history)
  const answer = values.every((value) => storesTheSame(states, path, load.depth, store.depth, value))
  known.set(key, { values: values.length, answer })
  return answer
}

/** Whether the thread would make the same store if the load had found `value`, and all else what it did find. */
function storesTheSame(
  { program }: ThreadStates,
  path: readonly History[],
  load: number,
  store: number,
  value: number,
): boolean {
  let other = program.after(path[load] as History, value)
  /** Words where it would have stored something else: what it then finds there depends on the load too. */
  const changed = new Set<number>()
  for (let depth = load + 1; depth < store; depth++) {
    const here = (path[depth] as History).next as Access
    const there = other.next
    if (there === undefined || !isSamePlace(here, there)) return false
    const { result } = path[depth + 1] as History
    if (changed.has(here.word) && here.operation !== 'store') return false
    if (storedBy(here, result) !== storedBy(there, result)) changed.add(here.word)
    other = program.after(other, result)
  }
  const here = (path[store] as History).next as Access
  return other.next !== undefined && isSameAccess(here, other.next)
}
