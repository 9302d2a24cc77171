import { IpcError, type WaitOptions } from '@ipc/core'
import { checkSize } from '@ipc/core/internal'
import { KIND_SEMAPHORE } from '../layout.js'
import { placeObject } from '../region/objects.js'
import { insideOf, type Region, type SharedRegion } from '../region/region.js'
import type { BlockOptions } from '../wait/participant.js'
import { QUEUE_BYTES } from './lock-layout.js'
import { TicketQueue } from './ticket-queue.js'
import { TicketWait } from './ticket-wait.js'

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
 * A counting semaphore in a region. Whoever asks first creates it. Permits of a process that died are lost, as with
 * POSIX semaphores.
 *
 * A queue of tickets: see `TicketQueue`.
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
    initialize: (words, at) => TicketQueue.initialize(words, at, permits),
  })
  return new TicketSemaphore(name, inside, new TicketQueue(inside.words, offset, inside.participants, 'keep'))
}

class TicketSemaphore implements Semaphore {
  readonly name: string
  readonly #region: SharedRegion
  readonly #queue: TicketQueue
  readonly #wait: TicketWait

  constructor(name: string, region: SharedRegion, queue: TicketQueue) {
    this.name = name
    this.#region = region
    this.#queue = queue
    this.#wait = new TicketWait('acquire', region, queue)
  }

  get available(): number {
    return this.#queue.available
  }

  async acquire(options?: WaitOptions): Promise<void> {
    const ticket = await this.#wait.wait(options)
    // Between the grant and now; the permit was given back.
    if (!ticket.finish()) throw this.#closed()
  }

  acquireSync(options: BlockOptions = {}): boolean {
    return this.#wait.waitSync(options)?.finish() ?? false
  }

  tryAcquire(): boolean {
    return this.#wait.tryTake()?.finish() ?? false
  }

  release(permits: number = 1): void {
    checkSize('permits', permits, 1, MAX_PERMITS)
    if (this.#region.closed) throw this.#closed()
    const { available } = this
    if (available + permits > MAX_PERMITS) {
      throw new RangeError(
        `semaphore ${this.name} has ${available} permits: ${permits} more are above ${MAX_PERMITS}`,
      )
    }
    for (let permit = 0; permit < permits; permit++) this.#queue.grant()
  }

  #closed(): IpcError {
    return new IpcError('IPC_CLOSED', `${this.#region.what} is closed`)
  }
}
