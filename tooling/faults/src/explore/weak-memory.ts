import { type Access, modified, stored } from './access.js'
import { isIndependent } from './independence.js'
import type { MemoryModel, Take, Universe } from './memory-model.js'
import { isOver, overlap, type Pending, type ThreadState, type ThreadStates } from './thread-states.js'
import type { World } from './world.js'

/**
 * Memory as arm64 has it, with the accesses that engines make of ECMAScript's: `Atomics.load` is an acquiring load (ldar),
 * `Atomics.store` a releasing store (stlr), a read-modify-write an exclusive pair (ldaxr, stlxr), all else plain. x86 and
 * the single-instruction atomics of arm64 order more, so what holds here holds there.
 *
 * Each thread runs in program order and keeps a list of *pending* accesses, which have not taken effect yet. There is
 * one memory: what takes effect does so for all threads at once (arm64 is multi-copy atomic).
 *
 * 1. A plain store becomes pending. It takes effect at any time later, but after pending accesses before it of the same
 *    bytes, and after pending loads before it that it depends on (see `isIndependent`).
 * 2. An atomic store becomes pending too. It takes effect after all that is pending before it (release). What is plain
 *    and comes after it may take effect before it.
 * 3. An atomic load waits until no atomic store of the thread is pending, and then takes effect at once (acquire: so
 *    before all that comes after it). What is pending before it and is plain may take effect after it.
 * 4. A read-modify-write loads as 3, and its store becomes pending as 2. From one to the other no other thread writes
 *    the word: there the pair would fail and begin anew, which is another execution. So plain accesses after it may
 *    take effect before its store, and plain accesses before it may after its load. A `compareExchange` that finds
 *    something else is a load only.
 * 5. A plain load finds the thread's own newest pending store of the bytes. Otherwise it finds what the memory holds, or
 *    else it is *foretold*: it returns any other value that the bytes hold in any execution, becomes pending, and takes
 *    effect later, when the memory holds that value. It takes effect after pending loads before it of the same bytes
 *    (coherence). An execution in which it never can is none, and is dropped.
 * 6. An execution ends when nothing is pending any more. What a dead thread has pending still takes effect, and its
 *    death is not seen before that.
 * 7. Blocking, taking locks, asking whether a thread lives, and notes are ordered as atomic loads are. Waking others and
 *    releasing locks comes after all before it has taken effect, as is so with the locks inside of them.
 *
 * What this covers, and what not:
 *
 * - All that arm64's model (aarch64.cat, without mixed sizes) allows for such accesses; for words that are stored
 *   plainly and modified by the same thread, rule 4 waits for the plain store, where arm64 might forward it. The tests
 *   compare the outcomes of litmus tests with the expected ones exactly, and those of generated programs with an
 *   axiomatic model of arm64.
 * - ECMAScript allows more, which no engine is known to do: two plain loads of one place in the wrong order, and values
 *   out of thin air. Both are left out: coherence in 5, dependencies in 1.
 * - Bytes that are copied or filled together move by aligned words, as in `memcpy`, so no word is torn in itself.
 * - Values are foretold from those that some explored execution stores. That is iterated until no new one comes.
 */
export class WeakMemory implements MemoryModel {
  readonly #universe: Universe

  constructor(universe: Universe) {
    this.#universe = universe
  }

  isOrdered({ pending, history }: ThreadState): boolean {
    const operation = history.next?.operation
    if (operation === 'unblock' || operation === 'release') return pending.length === 0
    return !pending.some(({ kind }) => kind === 'release' || kind === 'exclusive')
  }

  access(world: World, thread: number, take: Take): void {
    const state = world.threads[thread] as ThreadState
    const access = state.history.next as Access
    if (access.operation === 'load') this.#load(world, thread, access, take)
    else if (access.operation === 'store') this.#store(world, thread, 'store', access, take)
    else if (access.operation === 'Atomics.store') this.#store(world, thread, 'release', access, take)
    else if (!this.isOrdered(state)) return
    else if (access.operation === 'Atomics.load') this.#atomicLoad(world, thread, access, take)
    else this.#modify(world, thread, access, take)
  }

  settle(world: World, thread: number, take: Take): void {
    const { memories, knowledge } = this.#universe
    const state = world.threads[thread] as ThreadState
    state.pending.forEach((pending, index) => {
      if (!this.#isInOrder(this.#states(thread), state, pending, index)) return
      const { kind, word, mask, value } = pending
      const found = memories.read(world.memory, word)
      let { memory } = world
      if (kind === 'load') {
        if ((found & mask) !== value) return
      } else {
        if (isReserved(world, thread, word)) return
        const after = stored(found, mask, value)
        knowledge.noteValue(word, after)
        memory = memories.write(memory, word, after)
      }
      take('settle', thread, this.#states(thread).settled(state, index), memory, index)
    })
  }

  isPrivate(state: ThreadState, thread: number): boolean {
    const { operation, word } = state.history.next as Access
    const { knowledge } = this.#universe
    // It only becomes pending, which no other thread sees, and neither hinders nor allows anything pending before it.
    if (operation === 'store' || operation === 'Atomics.store') return true
    // Nobody else changes what it finds, so it is the same now and later.
    if (operation === 'load' || operation === 'Atomics.load')
      return !knowledge.isWrittenByOthers(thread, word)
    return !knowledge.isTouchedByOthers(thread, word)
  }

  #store(world: World, thread: number, kind: Pending['kind'], access: Access, take: Take): void {
    const state = world.threads[thread] as ThreadState
    const { word, mask, value } = access
    this.#universe.knowledge.noteWrite(thread, word)
    const pending = { kind, depth: state.history.depth, word, mask, value }
    take('access', thread, this.#states(thread).issued(state, 0, pending), world.memory, 0)
  }

  #atomicLoad(world: World, thread: number, access: Access, take: Take): void {
    const state = world.threads[thread] as ThreadState
    const { word, mask } = access
    this.#universe.knowledge.noteRead(thread, word)
    if (hasForetold(state, access)) return
    const own = ownStores(state, access)
    const found = stored(this.#universe.memories.read(world.memory, word), own.mask, own.value)
    take('access', thread, this.#states(thread).issued(state, found & mask), world.memory, 0)
  }

  #load(world: World, thread: number, access: Access, take: Take): void {
    const { memories, knowledge } = this.#universe
    const states = this.#states(thread)
    const state = world.threads[thread] as ThreadState
    const { word, mask } = access
    knowledge.noteRead(thread, word)
    const own = ownStores(state, access)
    const found = stored(memories.read(world.memory, word), own.mask, own.value) & mask
    const isCovered = own.mask === mask
    const comesAfter = hasForetold(state, access)
    if (isCovered || !comesAfter) take('access', thread, states.issued(state, found), world.memory, 0)
    if (own.mask !== 0 || !knowledge.isWrittenByOthers(thread, word)) return
    for (const value of knowledge.valuesIn(word, mask)) {
      // With the value that is there, taking effect later is no different from now.
      if (value === found && !comesAfter) continue
      const pending = { kind: 'load' as const, depth: state.history.depth, word, mask, value }
      if (!this.#isHopeful(world, thread, pending)) continue
      take('foretell', thread, states.issued(state, value, pending), world.memory, 0)
    }
  }

  isPossible(world: World): boolean {
    return world.threads.every(({ pending }, thread) =>
      pending.every((item) => item.kind !== 'load' || this.#isHopeful(world, thread, item)),
    )
  }

  /** Whether memory holds what was foretold, or another thread may still store it. */
  #isHopeful(world: World, thread: number, load: Pending): boolean {
    const { word, mask, value } = load
    if ((this.#universe.memories.read(world.memory, word) & mask) === value) return true
    return world.threads.some((other, index) => {
      if (index === thread) return false
      const isPending = other.pending.some((store) => {
        const both = store.word === word ? store.mask & mask : 0
        return store.kind !== 'load' && both !== 0 && (store.value & both) === (value & both)
      })
      if (isPending) return true
      return !isOver(other) && this.#states(index).program.futures.has(other.history, word, mask, value)
    })
  }

  #modify(world: World, thread: number, access: Access, take: Take): void {
    const { memories, knowledge } = this.#universe
    const state = world.threads[thread] as ThreadState
    const { word, mask } = access
    knowledge.noteRead(thread, word)
    if (state.pending.some((pending) => overlap(pending, access))) return
    const found = memories.read(world.memory, word)
    const value = modified(access, found)
    let pending: Pending | undefined
    if (value !== undefined) {
      knowledge.noteWrite(thread, word)
      if (isReserved(world, thread, word)) return
      pending = { kind: 'exclusive', depth: state.history.depth, word, mask, value }
    }
    take('access', thread, this.#states(thread).issued(state, found, pending), world.memory, 0)
  }

  /** Whether nothing is pending that must take effect before it. */
  #isInOrder(states: ThreadStates, state: ThreadState, pending: Pending, index: number): boolean {
    const { knowledge } = this.#universe
    if (pending.kind === 'release' || pending.kind === 'exclusive') return index === 0
    for (let i = 0; i < index; i++) {
      const before = state.pending[i] as Pending
      if (overlap(before, pending)) return false
      const mayDepend = before.kind === 'load' && pending.kind === 'store'
      if (mayDepend && !isIndependent(states, knowledge, state, before, pending)) return false
    }
    return true
  }

  #states(thread: number): ThreadStates {
    return this.#universe.threads[thread] as ThreadStates
  }
}

/** What the thread's own pending stores say about the bytes of an access. */
function ownStores({ pending }: ThreadState, access: Access): { mask: number; value: number } {
  let mask = 0
  let value = 0
  for (const before of pending) {
    if (before.kind === 'load' || !overlap(before, access)) continue
    mask |= before.mask & access.mask
    value = stored(value, before.mask, before.value)
  }
  return { mask, value }
}

function hasForetold({ pending }: ThreadState, access: Access): boolean {
  return pending.some((before) => before.kind === 'load' && overlap(before, access))
}

/** Whether another thread is between the halves of a read-modify-write of the word. */
function isReserved({ threads }: World, thread: number, word: number): boolean {
  return threads.some(
    ({ pending }, other) =>
      other !== thread && pending.some((item) => item.kind === 'exclusive' && item.word === word),
  )
}
