import type { Program } from './programs.js'

/** A load or a store. A read-modify-write is one of each. */
interface Event {
  readonly thread: number
  readonly word: number
  readonly isStore: boolean
  /** Acquiring if it is a load, releasing if it is a store. */
  readonly isOrdered: boolean
  readonly value: number
  /** For the store of a read-modify-write: its load. */
  readonly pairOf: Event | undefined
}

type Relation = (one: Event, other: Event) => boolean

/**
 * What a program without branches and dependencies can find on arm64, by its axioms (aarch64.cat): of all ways in which
 * loads can find stores, and stores follow each other, those that are coherent (`internal`), whose read-modify-writes
 * are atomic, and whose observations do not contradict what each thread orders (`external`).
 */
export function outcomesOnArm64(program: Program): string[] {
  const { events, order } = eventsOf(program)
  const loads = events.filter(({ isStore }) => !isStore)
  const outcomes = new Set<string>()
  for (const follows of coherences(events)) {
    for (const foundBy of findings(loads, events)) {
      if (!isAllowed(events, order, follows, foundBy)) continue
      const found = program.map((_, thread) =>
        loads.filter((load) => load.thread === thread).map((load) => foundBy.get(load)?.value ?? 0),
      )
      outcomes.add(found.flat().join(' '))
    }
  }
  return [...outcomes].sort()
}

function eventsOf(program: Program): { events: Event[]; order: Map<Event, number> } {
  const events: Event[] = []
  program.forEach((code, thread) => {
    for (const { kind, word, value } of code) {
      const isOrdered = kind !== 'load' && kind !== 'store'
      const base = { thread, word, isOrdered, value }
      let load: Event | undefined
      if (kind !== 'store' && kind !== 'atomic store') {
        load = { ...base, isStore: false, pairOf: undefined }
        events.push(load)
      }
      if (kind !== 'load' && kind !== 'atomic load') events.push({ ...base, isStore: true, pairOf: load })
    }
  })
  return { events, order: new Map(events.map((event, index) => [event, index])) }
}

function isAllowed(
  events: readonly Event[],
  order: ReadonlyMap<Event, number>,
  follows: Relation,
  foundBy: ReadonlyMap<Event, Event | undefined>,
): boolean {
  const before: Relation = (a, b) =>
    a.thread === b.thread && (order.get(a) as number) < (order.get(b) as number)
  const sameWord: Relation = (a, b) => a.word === b.word
  const isOther: Relation = (a, b) => a.thread !== b.thread
  const readsFrom: Relation = (a, b) => !b.isStore && foundBy.get(b) === a
  // A load comes before all stores that follow the one it found; the initial value comes before all.
  const fromRead: Relation = (a, b) => {
    if (a.isStore || !b.isStore || !sameWord(a, b)) return false
    const found = foundBy.get(a)
    return found === undefined || follows(found, b)
  }
  const isCoherent = isAcyclic(
    events,
    (a, b) => (before(a, b) && sameWord(a, b)) || readsFrom(a, b) || follows(a, b) || fromRead(a, b),
  )
  if (!isCoherent) return false
  const isAtomic = events.every(({ pairOf }, index) => {
    const store = events[index] as Event
    if (pairOf === undefined) return true
    return !events.some((other) => isOther(other, store) && fromRead(pairOf, other) && follows(other, store))
  })
  if (!isAtomic) return false
  const observed: Relation = (a, b) => isOther(a, b) && (readsFrom(a, b) || follows(a, b) || fromRead(a, b))
  /** Nothing stores to the word between a store and a load of the thread. */
  const isNextLoad: Relation = (a, b) =>
    !events.some((c) => c.isStore && sameWord(a, c) && before(a, c) && before(c, b))
  const ordered: Relation = (a, b) => {
    if (!before(a, b)) return false
    if (sameWord(a, b) && b.isStore) return true
    if (b.pairOf === a) return true
    if (a.pairOf !== undefined && !b.isStore && b.isOrdered && sameWord(a, b) && isNextLoad(a, b)) return true
    if (!a.isStore && a.isOrdered) return true
    if (b.isStore && b.isOrdered) return true
    return a.isStore && a.isOrdered && !b.isStore && b.isOrdered
  }
  return isAcyclic(events, (a, b) => observed(a, b) || ordered(a, b))
}

function isAcyclic(events: readonly Event[], relation: Relation): boolean {
  const left = new Set(events)
  while (left.size > 0) {
    const first = [...left].find((event) => ![...left].some((other) => relation(other, event)))
    if (first === undefined) return false
    left.delete(first)
  }
  return true
}

/** All orders of the stores to each word. */
function* coherences(events: readonly Event[]): Generator<Relation> {
  const words = [...new Set(events.map(({ word }) => word))]
  const stores = words.map((word) => events.filter((event) => event.isStore && event.word === word))
  for (const orders of product(stores.map((all) => [...permutations(all)]))) {
    const place = new Map(orders.flat().map((event, index) => [event, index]))
    yield (a, b) =>
      a.isStore && b.isStore && a.word === b.word && (place.get(a) as number) < (place.get(b) as number)
  }
}

/** All ways in which loads find a store to their word, or the initial value. */
function* findings(
  loads: readonly Event[],
  events: readonly Event[],
): Generator<Map<Event, Event | undefined>> {
  const choices = loads.map((load) => [
    undefined,
    ...events.filter((event) => event.isStore && event.word === load.word),
  ])
  for (const found of product(choices)) yield new Map(loads.map((load, index) => [load, found[index]]))
}

function* permutations<T>(items: readonly T[]): Generator<T[]> {
  if (items.length === 0) yield []
  for (const [index, item] of items.entries()) {
    for (const rest of permutations(items.toSpliced(index, 1))) yield [item, ...rest]
  }
}

function* product<T>(choices: readonly (readonly T[])[]): Generator<T[]> {
  const [first, ...others] = choices
  if (first === undefined) {
    yield []
    return
  }
  for (const item of first) for (const rest of product(others)) yield [item, ...rest]
}
