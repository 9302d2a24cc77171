import { type Access, modified, stored } from './access.js'
import type { MemoryModel, Take, Universe } from './memory-model.js'
import type { ThreadState } from './thread-states.js'
import type { World } from './world.js'

/** Memory in which every access takes effect at once, in program order. */
export class SequentialMemory implements MemoryModel {
  readonly #universe: Universe

  constructor(universe: Universe) {
    this.#universe = universe
  }

  isOrdered(): boolean {
    return true
  }

  access(world: World, thread: number, take: Take): void {
    const { memories, knowledge, threads } = this.#universe
    const state = world.threads[thread] as ThreadState
    const access = state.history.next as Access
    const { operation, word, mask, value } = access
    const found = memories.read(world.memory, word)
    const isStore = operation === 'store' || operation === 'Atomics.store'
    const isLoad = operation === 'load' || operation === 'Atomics.load'
    if (!isStore) knowledge.noteRead(thread, word)
    const after = isLoad ? undefined : isStore ? stored(found, mask, value) : modified(access, found)
    let { memory } = world
    if (after !== undefined) {
      knowledge.noteWrite(thread, word)
      memory = memories.write(memory, word, after)
    }
    const to = (threads[thread] as Universe['threads'][number]).issued(state, isStore ? 0 : found & mask)
    take('access', thread, to, memory, 0)
  }

  settle(): void {
    // Nothing is pending.
  }

  isPossible(): boolean {
    return true
  }

  isPrivate({ history }: ThreadState, thread: number): boolean {
    const { operation, word } = history.next as Access
    const { knowledge } = this.#universe
    // Nobody else changes what it finds: the order does not matter.
    if (operation === 'load' || operation === 'Atomics.load')
      return !knowledge.isWrittenByOthers(thread, word)
    // Nobody else sees what it does.
    return !knowledge.isTouchedByOthers(thread, word)
  }
}
