import type { Knowledge } from './knowledge.js'
import type { MemoryState, MemoryStates } from './memory-states.js'
import type { ThreadState, ThreadStates } from './thread-states.js'
import type { StepKind, World } from './world.js'

/** What steps are made of. */
export interface Universe {
  readonly memories: MemoryStates
  readonly threads: readonly ThreadStates[]
  readonly knowledge: Knowledge
}

/** Takes a step that is possible. */
export type Take = (
  step: StepKind,
  thread: number,
  to: ThreadState,
  memory: MemoryState,
  /** Which of the pending accesses takes effect. */
  index: number,
) => void

/** When accesses of memory take effect, and what loads find. */
export interface MemoryModel {
  /** Whether the thread's next access can take place now, if it is one of what is shared besides memory. */
  isOrdered(state: ThreadState): boolean
  /** Whether what was foretold can still come true, as far as known. */
  isPossible(world: World): boolean
  /** The ways in which the thread's next access, which is one of memory, can come about. */
  access(world: World, thread: number, take: Take): void
  /** The pending accesses of the thread that can take effect. */
  settle(world: World, thread: number, take: Take): void
  /**
   * Whether the thread's next access, if it is possible at all, can as well come at once: it makes no difference to what
   * the other threads can do, nor they to it.
   */
  isPrivate(state: ThreadState, thread: number): boolean
}
