import type { Figure } from '../bench-case.js'
import type { Pair } from '../pair/pair.js'
import { measureDurable } from './measure.js'
import type { DurableShape } from './shape.js'

/** A queue that survives, as each system has it. */
export interface DurableQueue {
  /** Resolves when the messages are as safe as this system makes them. */
  sendBatch(bodies: readonly Uint8Array[]): Promise<void>
  /** Take and acknowledge; resolves to what stops that. */
  consume(onHandled: () => void): Promise<() => Promise<void>>
  /** Messages that are not acknowledged. */
  waiting(): Promise<number>
  close(): Promise<void>
}

/** Opens the queue of a system in a directory of its own, which is on a disk. */
export type OpenDurable = (directory: string, shape: DurableShape) => Promise<DurableQueue>

/** A queue with its senders and its consumer in one process; what else it needs, it starts. */
export function durablePair(open: OpenDurable): Pair<DurableShape> {
  return {
    far: 'thread',
    fars: 0,
    async runNear({ scratch, seconds }, shape): Promise<readonly Figure[]> {
      const queue = await open(scratch, shape)
      const figures = await measureDurable(queue, seconds, shape)
      await queue.close()
      return figures
    },
    async runFar() {},
  }
}
