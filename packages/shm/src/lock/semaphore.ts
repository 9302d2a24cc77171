import type { WaitOptions } from '@ipc/core'
import { checkSize } from '@ipc/core/internal'
import { KIND_SEMAPHORE } from '../layout.js'
import { placeObject } from '../region/objects.js'
import { insideOf, type Region, type SharedRegion } from '../region/region.js'
import type { BlockOptions } from '../wait/participant.js'
import { QUEUE_BYTES, QUEUE_PERMITS } from './lock-layout.js'
import { TicketWait } from './ticket-wait.js'
import { TurnQueue } from './turn-queue.js'

/** Most permits at once. */
const MAX_PERMITS = 2 ** 20

/** Options of {@link semaphore}. */
export interface SemaphoreOptions {
  /** Permits that a new semaphore begins with; an existing one must have begun with as many. */
  readonly permits: number
}

/** A number of permits for threads and processes, first come, first served. */
export interface Semaphore {
  readonly name: string
  /** Permits that nobody has, at this moment. */
  readonly available: number
  /**
   * Take one permit, after all who came before. The event loop goes on meanwhile.
   *
   * @throws IpcError `IPC_TIMEOUT`, `IPC_ABORTED`, `IPC_CLOSED`; no permit is taken then.
   */
  acquire(options?: WaitOptions): Promise<void>
  /**
   * Take one permit; blocks the thread until then.
   *
   * @returns false when the time is over.
   */
  acquireSync(options?: BlockOptions): boolean
  /** Take one permit if there is one and nobody waits for it; never waits. */
  tryAcquire(): boolean
  /**
   * Give back permits, or add some; whoever waits longest gets them.
   *
   * @throws RangeError unless it is a number from 1 to 1048576, and no more are available then; none is given back.
   * IpcError `IPC_CLOSED`.
   */
  release(permits?: number): void
}

/**
 * A counting semaphore in a region. Whoever asks first creates it. Nobody owns a permit, so that one process may give
 * back what another took: those of a process that died are lost, as with POSIX semaphores. One that dies while it waits,
 * or in the middle of a call, holds up nobody.
 *
 * A number, and a queue of those who want to be the next to take from it: see `TurnQueue`.
 *
 * @throws TypeError | RangeError for a name or number that cannot be right. IpcError `IPC_PROTOCOL` when there is another
 * object of that name, or one that began with another number of permits; `IPC_OUT_OF_MEMORY` when the region is too
 * small; `IPC_CLOSED`.
 *
 * @example
 * ```ts
 * import { openRegion, semaphore } from '@ipc/shm'
 *
 * const workers = semaphore(openRegion('pool', { bytes: 65_536 }), 'workers', { permits: 4 })
 * await workers.acquire()
 * try {
 *   // at most four processes are here at once
 * } finally {
 *   workers.release()
 * }
 * ```
 */
export function semaphore(region: Region, name: string, { permits }: SemaphoreOptions): Semaphore {
  checkSize('permits', permits, 0, MAX_PERMITS)
  const inside = insideOf(region)
  const { offset } = placeObject(inside, {
    kind: KIND_SEMAPHORE,
    name,
    parameters: { permits },
    defaults: {},
    bodyBytes: () => QUEUE_BYTES,
    initialize(words, at) {
      TurnQueue.initialize(words, at, 1)
      words[at + (QUEUE_PERMITS >> 2)] = permits
    },
  })
  return new TurnSemaphore(name, inside, offset)
}

class TurnSemaphore implements Semaphore {
  readonly name: string
  readonly #region: SharedRegion
  readonly #permits: number
  readonly #queue: TurnQueue
  readonly #wait: TicketWait

  constructor(name: string, region: SharedRegion, offset: number) {
    this.name = name
    this.#region = region
    this.#permits = (offset + QUEUE_PERMITS) >> 2
    this.#queue = new TurnQueue(region.words, offset, region.participants)
    const permits = { isThere: () => this.available > 0, take: () => this.#take() }
    this.#wait = new TicketWait('acquire', region, this.#queue, { wanted: permits, turns: this.#queue })
  }

  get available(): number {
    return Atomics.load(this.#region.words, this.#permits)
  }

  async acquire(options?: WaitOptions): Promise<void> {
    await this.#wait.wait(options)
  }

  acquireSync(options: BlockOptions = {}): boolean {
    return this.#wait.waitSync(options) !== undefined
  }

  tryAcquire(): boolean {
    this.#region.self.checkSeat()
    if (this.#wait.isAwaited) return false
    if (this.#queue.isIdle || this.#isIdleAfterLook()) return this.#take()
    return false
  }

  release(permits: number = 1): void {
    checkSize('permits', permits, 1, MAX_PERMITS)
    this.#region.checkOpen()
    const { available } = this
    if (available + permits > MAX_PERMITS) {
      throw new RangeError(
        `semaphore ${this.name} has ${available} permits: ${permits} more are above ${MAX_PERMITS}`,
      )
    }
    // Pairs with the load in #take(). Whoever has the turn looks again; and whoever gets it meanwhile sees this.
    Atomics.add(this.#region.words, this.#permits, permits)
    this.#queue.settle()
  }

  #take(): boolean {
    const { words } = this.#region
    while (true) {
      const available = Atomics.load(words, this.#permits)
      if (available <= 0) return false
      // Pairs with the addition in release(): what was done before it is seen after this.
      if (Atomics.compareExchange(words, this.#permits, available, available - 1) === available) return true
    }
  }

  /** Those who have the turn, or wait for it, may be dead, which nobody notices who does not wait. */
  #isIdleAfterLook(): boolean {
    this.#region.self.lookIfDue()
    this.#queue.settle()
    return this.#queue.isIdle
  }
}
