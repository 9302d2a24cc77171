/** Blocks a thread of the model on a word, and wakes all that block on it; of the shape of the product's futexes. */
export interface ModelFutex {
  /** Block this thread if the word is `value`, until it is woken, or nothing else can happen and its time runs out. */
  block(word: number, value: number, timeoutMs?: number): void
  unblock(word: number): void
}

/** Locks that the system takes from whoever dies, once all that it has stored is visible; of the shape of life locks. */
export interface ModelLocks {
  /** Take a lock; false when another thread has it, which lives. */
  take(lock: number): boolean
  release(lock: number): void
  /** Whether another thread has a lock, and lives. */
  isTaken(lock: number): boolean
}

/** What a thread of the model can do besides accesses of memory. */
export interface Self {
  /** Put a value into the log of the execution, at this point of it. The check sees the log. */
  note(value: unknown): void
  /** Whether a thread is not known to be dead. It is not before all that it has stored is visible. */
  isAlive(thread: string): boolean
  /** A futex on `words`. */
  futex(words: Int32Array): ModelFutex
  /** Locks, each of which uses a word of `words` that nothing else does, and that is 0 at first. */
  locks(words: Int32Array): ModelLocks
}

/**
 * The code of one thread. It is run again and again from its start, so it must do the same whenever it finds the same in
 * memory: no state outside of it, no clock but `performance.now` (which moves by a millisecond with each look), no
 * chance. Its loops must end, however little the other threads do.
 */
export type ThreadBody = (memory: SharedArrayBuffer, self: Self) => unknown

/** How an execution ended. */
export interface Outcome {
  /** What each thread returned; without those that died or threw. */
  readonly results: Readonly<Record<string, unknown>>
  /** What each thread threw. */
  readonly errors: Readonly<Record<string, unknown>>
  readonly dead: readonly string[]
  /** What the threads noted, in order. */
  readonly notes: readonly unknown[]
  readonly memory: Int32Array
}

/** Threads over some memory, and what has to be true whatever order their accesses come in. */
export interface Scenario {
  readonly memoryBytes: number
  /** Fill the memory in, before any thread runs. */
  setUp?(memory: SharedArrayBuffer): void
  /** The threads by name, at most four. */
  readonly threads: Readonly<Record<string, ThreadBody>>
  /** Throws when the outcome is wrong. */
  check?(outcome: Outcome): void
  /** Throws when the memory is wrong; called in every state in which no load has its value ahead of time. */
  invariant?(memory: Int32Array): void
  /** Threads may throw: `check` looks at it. Otherwise that is a violation. */
  readonly mayThrow?: boolean
  /** Names a word in printed interleavings. */
  nameOf?(word: number): string | undefined
}
