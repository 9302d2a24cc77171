import { IpcError } from '@ipc/core'

/** Blocks threads on an int32 in shared memory, and wakes them. `word` is its index in the region's words. */
export interface Futex {
  /** Block this thread while the word is `value`, for `timeoutMs` at most. May return early: look again. */
  block(word: number, value: number, timeoutMs: number): void
  /** Wake all that block on the word. */
  unblock(word: number): void
}

/** Between threads of one process the engine does it. */
export function threadFutex(words: Int32Array): Futex {
  return {
    block(word, value, timeoutMs) {
      try {
        Atomics.wait(words, word, value, timeoutMs)
      } catch (cause) {
        throw new IpcError(
          'IPC_NOT_SUPPORTED',
          'this thread must not block (the main thread of a page): use the asynchronous waits',
          { cause },
        )
      }
    },
    unblock(word) {
      Atomics.notify(words, word)
    },
  }
}
