import type { WaitOptions } from '@ipc/core'
import { checkDurationMs } from '@ipc/core/internal'
import { KIND_CONDITION } from '../layout.js'
import { placeObject } from '../region/objects.js'
import { insideOf, type Region, type SharedRegion } from '../region/region.js'
import type { BlockOptions } from '../wait/participant.js'
import { GrantQueue } from './grant-queue.js'
import { QUEUE_BYTES } from './lock-layout.js'
import { checkNotAwaitedHere, type HeldMutex, type Mutex } from './mutex.js'
import { TicketWait } from './ticket-wait.js'

/** Waiting for a state that a {@link Mutex} protects, between threads and processes. */
export interface Condition {
  readonly name: string
  /**
   * Let go of the mutex, wait until notified, and hold the mutex again. Look at the state in a loop: another one may
   * have come first, and a wait may end without need: while there is no slot for it, as when more than 128 wait, it ends
   * after a millisecond. The event loop goes on meanwhile.
   *
   * @param held - The mutex, held by the caller; of no use afterwards.
   * @param options - `timeoutMs` is for the notification, not for holding the mutex again; `signal` is for both.
   * @returns the mutex, held again.
   * @throws RangeError for a time that cannot be right; the mutex is held still. IpcError `IPC_TIMEOUT`, `IPC_ABORTED`,
   * `IPC_CLOSED`; the mutex is not held then, and a notification that had come already is passed on.
   */
  wait(lock: Mutex, held: HeldMutex, options?: WaitOptions): Promise<HeldMutex>
  /**
   * As {@link Condition.wait}, but blocks the thread.
   *
   * @returns the mutex, held again, whether notified or not when the time is over.
   * @throws as {@link Condition.wait}, except for `IPC_TIMEOUT`. TypeError when a task of this thread waits for the mutex
   * in the event loop: it would wait forever, as would all behind it; the mutex is held still.
   */
  waitSync(lock: Mutex, held: HeldMutex, options?: BlockOptions): HeldMutex
  /**
   * Wake who has been waiting longest. Does nothing when nobody waits.
   *
   * @throws IpcError `IPC_CLOSED`.
   */
  notify(): void
  /**
   * Wake all who wait.
   *
   * @throws IpcError `IPC_CLOSED`.
   */
  notifyAll(): void
}

/**
 * A condition variable in a region. Whoever asks first creates it.
 *
 * A queue of tickets: see `GrantQueue`. A notification of one who dies before the mutex is held again is passed on.
 *
 * @throws TypeError for a name that cannot be right. IpcError `IPC_PROTOCOL` when there is another object of that name;
 * `IPC_OUT_OF_MEMORY` when the region is too small; `IPC_CLOSED`.
 *
 * @example
 * ```ts
 * import { condition, mutex, openRegion, sharedBytes } from '@ipc/shm'
 *
 * const region = openRegion('plant', { bytes: 65_536 })
 * const lock = mutex(region, 'state')
 * const changed = condition(region, 'changed')
 * const state = sharedBytes(region, 'valves', { bytes: 8 })
 *
 * let held = await lock.lock()
 * while (state[0] === 0) held = await changed.wait(lock, held)
 * held.unlock()
 * ```
 */
export function condition(region: Region, name: string): Condition {
  const inside = insideOf(region)
  const { offset } = placeObject(inside, {
    kind: KIND_CONDITION,
    name,
    parameters: {},
    defaults: {},
    bodyBytes: () => QUEUE_BYTES,
    initialize: (words, at) => GrantQueue.initialize(words, at, 0),
  })
  return new TicketCondition(name, inside, new GrantQueue(inside.words, offset, inside.participants))
}

class TicketCondition implements Condition {
  readonly name: string
  readonly #region: SharedRegion
  readonly #queue: GrantQueue
  readonly #wait: TicketWait

  constructor(name: string, region: SharedRegion, queue: GrantQueue) {
    this.name = name
    this.#region = region
    this.#queue = queue
    this.#wait = new TicketWait('wait', region, queue, {})
  }

  async wait(lock: Mutex, held: HeldMutex, options: WaitOptions = {}): Promise<HeldMutex> {
    const { signal, timeoutMs = Number.POSITIVE_INFINITY } = options
    checkDurationMs('timeoutMs', timeoutMs)
    // Before the mutex is let go: who changes the state after that finds this ticket.
    const ticket = this.#wait.take()
    held.unlock()
    if (ticket === undefined) {
      await this.#wait.pause(options)
      return lock.lock({ signal })
    }
    await this.#wait.waitFor(ticket, options)
    try {
      const again = await lock.lock({ signal })
      ticket.finish()
      return again
    } finally {
      // Not finished: the notification is for somebody who then looks at the state.
      ticket.drop()
    }
  }

  waitSync(lock: Mutex, held: HeldMutex, options: BlockOptions = {}): HeldMutex {
    const { timeoutMs = Number.POSITIVE_INFINITY } = options
    checkDurationMs('timeoutMs', timeoutMs)
    checkNotAwaitedHere(lock)
    const ticket = this.#wait.take()
    held.unlock()
    if (ticket === undefined) this.#wait.pauseSync(timeoutMs)
    else this.#wait.waitForSync(ticket, options)
    try {
      const again = lock.lockSync()
      ticket?.finish()
      return again
    } finally {
      ticket?.drop()
    }
  }

  notify(): void {
    this.#checkOpen()
    this.#queue.grant()
  }

  notifyAll(): void {
    this.#checkOpen()
    for (let waiting = this.#queue.waiting; waiting > 0; waiting--) this.#queue.grant()
  }

  #checkOpen(): void {
    this.#region.checkOpen()
  }
}
