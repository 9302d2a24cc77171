import { IpcError, isIpcError, type WaitOptions } from '@ipc/core'
import { abortedError, checkDurationMs } from '@ipc/core/internal'
import type { SharedRegion } from '../region/region.js'
import type { BlockOptions, Condition } from '../wait/participant.js'
import { OwnTicket } from './own-ticket.js'
import type { TicketQueue } from './ticket-queue.js'
import type { TurnQueue } from './turn-queue.js'
import { Turns } from './turns.js'

/** How long to wait before looking for a free slot again. */
const SLOT_WAIT_MS = 1

const NEVER: Condition = { ready: () => false, arm() {}, disarm() {} }

/** What a ticket is needed for. */
export interface TicketUse {
  /** What is taken with the ticket when that is granted; the ticket is finished then. */
  readonly wanted?: { isThere(): boolean; take(): boolean } | undefined
  /** Whether who has what is waited for may die with it. Then the wait looks after that. */
  readonly turns?: TurnQueue | undefined
}

/** Waits of one thread for tickets of a queue. */
export class TicketWait {
  readonly #what: string
  readonly #region: SharedRegion
  readonly #queue: TicketQueue
  readonly #use: TicketUse
  readonly #turns = new Turns()

  /** @param what - Names the wait in messages. */
  constructor(what: string, region: SharedRegion, queue: TicketQueue, use: TicketUse) {
    this.#what = what
    this.#region = region
    this.#queue = queue
    this.#use = use
  }

  /** Whether a task of this thread waits for a ticket. */
  get isAwaited(): boolean {
    return this.#turns.awaited
  }

  /** Take a ticket if it is granted already, and no task of this thread waits for one. */
  tryTake(): OwnTicket | undefined {
    const { self } = this.#region
    self.checkSeat()
    return this.#turns.awaited ? undefined : this.#own(this.#queue.tryTake(self.id))
  }

  /** Take a ticket; `undefined` when all slots are in use. */
  take(): OwnTicket | undefined {
    const { self } = this.#region
    self.checkSeat()
    return this.#own(this.#queue.take(self.id))
  }

  /** Take a ticket and wait until it is granted, in the event loop. The ticket is taken at once, not some turn later. */
  async wait(options: WaitOptions = {}): Promise<OwnTicket> {
    const { signal, timeoutMs = Number.POSITIVE_INFINITY } = options
    checkDurationMs('timeoutMs', timeoutMs)
    if (signal?.aborted) throw abortedError(this.#what, signal.reason)
    const start = performance.now()
    const left = (): WaitOptions => ({
      signal,
      timeoutMs: Math.max(0, timeoutMs - (performance.now() - start)),
    })
    try {
      if (!this.#turns.tryEnter()) await this.#turns.enter(this.#what, options)
      try {
        return await this.waitFor(await this.#takeWhenFree(left), left())
      } finally {
        this.#turns.leave()
      }
    } catch (error) {
      if (!isIpcError(error, 'IPC_TIMEOUT')) throw error
      // Of the whole wait, not of the last part of it.
      throw new IpcError('IPC_TIMEOUT', `${this.#what} timed out after ${timeoutMs} ms`, {
        details: { timeoutMs },
      })
    }
  }

  /** Wait until a ticket that was taken is granted, in the event loop; if that fails, it is dropped. */
  async waitFor(ticket: OwnTicket, options: WaitOptions): Promise<OwnTicket> {
    const condition = this.#conditionOf(ticket)
    const { signal, timeoutMs = Number.POSITIVE_INFINITY } = options
    const start = performance.now()
    let left = timeoutMs
    try {
      while (true) {
        // It may take a turn of the event loop all the same, for which there may be no time left.
        const limits = condition.ready() ? { signal } : { signal, timeoutMs: left }
        await this.#region.self.wait(this.#what, condition, limits)
        if (this.#takeWith(ticket)) return ticket
        // Somebody who had not waited was faster.
        left = Math.max(0, timeoutMs - (performance.now() - start))
      }
    } catch (error) {
      ticket.drop()
      throw error
    }
  }

  /** Take a ticket and block the thread until it is granted; `undefined` when the time is over. */
  waitSync(options: BlockOptions): OwnTicket | undefined {
    const { timeoutMs = Number.POSITIVE_INFINITY } = options
    checkDurationMs('timeoutMs', timeoutMs)
    const start = performance.now()
    const left = (): number => Math.max(0, timeoutMs - (performance.now() - start))
    let ticket = this.take()
    while (ticket === undefined) {
      if (left() === 0) return undefined
      this.pauseSync(left())
      ticket = this.take()
    }
    return this.waitForSync(ticket, { ...options, timeoutMs: left() }) ? ticket : undefined
  }

  /** Block the thread until a ticket that was taken is granted; otherwise it is dropped. */
  waitForSync(ticket: OwnTicket, options: BlockOptions): boolean {
    const condition = this.#conditionOf(ticket)
    const { timeoutMs = Number.POSITIVE_INFINITY } = options
    const start = performance.now()
    let granted = false
    try {
      do {
        const left = Math.max(0, timeoutMs - (performance.now() - start))
        if (!this.#region.self.waitSync(condition, { ...options, timeoutMs: left })) return false
        granted = this.#takeWith(ticket)
      } while (!granted)
    } finally {
      if (!granted) ticket.drop()
    }
    return true
  }

  /**
   * Wait for a moment in which a slot may become free.
   *
   * @throws IpcError `IPC_TIMEOUT` when there is no more time; `IPC_ABORTED`, `IPC_CLOSED`.
   */
  async pause({ signal, timeoutMs = Number.POSITIVE_INFINITY }: WaitOptions): Promise<void> {
    const pauseMs = Math.min(SLOT_WAIT_MS, timeoutMs)
    try {
      await this.#region.self.wait(this.#what, NEVER, { signal, timeoutMs: pauseMs })
    } catch (error) {
      if (timeoutMs <= SLOT_WAIT_MS || !isIpcError(error, 'IPC_TIMEOUT')) throw error
    }
  }

  /** As {@link pause}, but blocks the thread. */
  pauseSync(timeoutMs: number): void {
    this.#region.self.waitSync(NEVER, { timeoutMs: Math.min(SLOT_WAIT_MS, timeoutMs) })
  }

  async #takeWhenFree(left: () => WaitOptions): Promise<OwnTicket> {
    while (true) {
      const ticket = this.take()
      if (ticket !== undefined) return ticket
      await this.pause(left())
    }
  }

  #takeWith(ticket: OwnTicket): boolean {
    const { wanted } = this.#use
    if (wanted === undefined) return true
    // Between the grant and now.
    if (ticket.ended)
      throw new IpcError('IPC_CLOSED', `${this.#region.what} was closed while ${this.#what} waited`)
    if (!wanted.take()) return false
    ticket.finish()
    return true
  }

  /** Who is granted a ticket is woken by it: there is nothing to arm. */
  #conditionOf(ticket: OwnTicket): Condition {
    const { wanted, turns } = this.#use
    return {
      ready: () => ticket.isGranted && (wanted?.isThere() ?? true),
      arm() {},
      disarm() {},
      isStalled: () => turns !== undefined,
      recover: () => turns?.settle(),
    }
  }

  #own(ticket: number | undefined): OwnTicket | undefined {
    return ticket === undefined ? undefined : new OwnTicket(this.#region, this.#queue, ticket)
  }
}
