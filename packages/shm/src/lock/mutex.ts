import { IpcError, type WaitOptions } from '@ipc/core'
import { checkDurationMs } from '@ipc/core/internal'
import { KIND_MUTEX } from '../layout.js'
import { placeObject } from '../region/objects.js'
import { insideOf, type Region, type SharedRegion } from '../region/region.js'
import type { BlockOptions } from '../wait/participant.js'
import { QUEUE_BYTES } from './lock-layout.js'
import type { OwnTicket } from './own-ticket.js'
import { TicketWait } from './ticket-wait.js'
import { TurnQueue } from './turn-queue.js'

/** A mutex that is held. */
export interface HeldMutex extends Disposable {
  /**
   * Whether the last holder died while holding it, or on the point of it: what the mutex protects may be half changed.
   * Look, and put it right, before `unlock`; if this one dies too, the next one is told.
   */
  readonly recovered: boolean
  /**
   * Let the next one have it. Calling it again does nothing.
   *
   * @throws IpcError `IPC_FENCED` when this thread was taken for dead, and another one has held the mutex since.
   */
  unlock(): void
}

/** Mutual exclusion between threads and processes, first come, first served. */
export interface Mutex {
  readonly name: string
  /**
   * Hold the mutex, after all who came before have held it. The event loop goes on meanwhile. A thread whose tasks call
   * this several times waits once for all of them, in their order.
   *
   * @throws IpcError `IPC_TIMEOUT`, `IPC_ABORTED`, `IPC_CLOSED`; the mutex is not held then.
   */
  lock(options?: WaitOptions): Promise<HeldMutex>
  /**
   * Hold the mutex; blocks the thread until then.
   *
   * @throws IpcError `IPC_TIMEOUT`, `IPC_CLOSED`. TypeError when this thread holds it, or a task of this thread waits for
   * it in the event loop: it would wait forever.
   */
  lockSync(options?: BlockOptions): HeldMutex
  /** Hold the mutex if nobody holds it or waits for it; never waits. */
  tryLock(): HeldMutex | undefined
}

/**
 * A mutex in a region. Whoever asks first creates it. It is not reentrant.
 *
 * A queue of tickets: see `TurnQueue`. A holder that dies, by SIGKILL too, is noticed within a tenth of a second by
 * those who wait, and at once by who asks later; a process that is stopped holds it on.
 *
 * @throws TypeError for a name that cannot be right. IpcError `IPC_PROTOCOL` when there is another object of that name;
 * `IPC_OUT_OF_MEMORY` when the region is too small; `IPC_CLOSED`.
 *
 * @example
 * ```ts
 * import { mutex, openRegion, sharedBytes } from '@ipc/shm'
 *
 * const region = openRegion('bank', { bytes: 65_536 })
 * const lock = mutex(region, 'accounts')
 * const accounts = sharedBytes(region, 'balances', { bytes: 1024 })
 *
 * const held = await lock.lock({ timeoutMs: 1000 })
 * try {
 *   accounts.set(accounts.subarray(0, 8), 8) // nobody else is here
 * } finally {
 *   held.unlock()
 * }
 * ```
 */
export function mutex(region: Region, name: string): Mutex {
  const inside = insideOf(region)
  const { offset } = placeObject(inside, {
    kind: KIND_MUTEX,
    name,
    parameters: {},
    defaults: {},
    bodyBytes: () => QUEUE_BYTES,
    initialize: (words, at) => TurnQueue.initialize(words, at, 1),
  })
  return new TicketMutex(name, inside, new TurnQueue(inside.words, offset, inside.participants))
}

/**
 * Check that no task of this thread, which holds the mutex, waits for it too: it would get it while the thread blocks,
 * and nobody after it.
 *
 * @throws TypeError
 */
export function checkNotAwaitedHere(lock: Mutex): void {
  if (lock instanceof TicketMutex) lock.checkTickets(1)
}

class TicketMutex implements Mutex {
  readonly name: string
  readonly #region: SharedRegion
  readonly #queue: TurnQueue
  readonly #wait: TicketWait

  constructor(name: string, region: SharedRegion, queue: TurnQueue) {
    this.name = name
    this.#region = region
    this.#queue = queue
    this.#wait = new TicketWait('lock', region, queue, { turns: queue })
  }

  async lock(options?: WaitOptions): Promise<HeldMutex> {
    return this.#held(await this.#wait.wait(options))
  }

  lockSync(options: BlockOptions = {}): HeldMutex {
    const { timeoutMs = Number.POSITIVE_INFINITY } = options
    checkDurationMs('timeoutMs', timeoutMs)
    const held = this.tryLock()
    if (held !== undefined) return held
    this.checkTickets(0)
    const ticket = this.#wait.waitSync(options)
    if (ticket !== undefined) return this.#held(ticket)
    throw new IpcError('IPC_TIMEOUT', `lockSync timed out after ${timeoutMs} ms`, { details: { timeoutMs } })
  }

  tryLock(): HeldMutex | undefined {
    const ticket = this.#wait.tryTake() ?? this.#tryAfterLook()
    return ticket === undefined ? undefined : this.#held(ticket)
  }

  /** The holder may be dead, which nobody notices who does not wait. */
  #tryAfterLook(): OwnTicket | undefined {
    this.#region.self.lookIfDue()
    return this.#wait.tryTake()
  }

  /** Throws when this thread has more than `most` tickets. */
  checkTickets(most: number): void {
    if (this.#queue.countOf(this.#region.self.id) <= most) return
    const does = most === 0 ? 'holds the mutex or waits for it' : 'waits for the mutex in its event loop'
    throw new TypeError(`this thread ${does}, and blocking would never end: ${this.name}`)
  }

  #held(ticket: OwnTicket): HeldMutex {
    // Between the grant and now.
    if (ticket.ended) throw new IpcError('IPC_CLOSED', `${this.#region.what} was closed while lock waited`)
    const recovered = this.#queue.takeAbandoned()
    const unlock = (): void => {
      ticket.finish()
    }
    return { recovered, unlock, [Symbol.dispose]: unlock }
  }
}
