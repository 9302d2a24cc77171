import { IpcError, isIpcError, type WaitOptions } from '@ipc/core'
import { abortedError, checkDurationMs } from '@ipc/core/internal'
import type { SharedRegion } from '../region/region.js'
import type { BlockOptions, Condition } from '../wait/participant.js'
import { OwnTicket } from './own-ticket.js'
import type { TicketQueue } from './ticket-queue.js'
import { Turns } from './turns.js'

/** How long to wait before looking for a free slot again. */
const SLOT_WAIT_MS = 1

const NEVER: Condition = { ready: () => false, arm() {}, disarm() {} }

/** Waits of one thread for tickets of a queue. */
export class TicketWait {
  readonly #what: string
  readonly #region: SharedRegion
  readonly #queue: TicketQueue
  readonly #turns = new Turns()

  /** @param what - Names the wait in messages. */
  constructor(what: string, region: SharedRegion, queue: TicketQueue) {
    this.#what = what
    this.#region = region
    this.#queue = queue
  }

  /** Take a ticket if it is granted already, and no task of this thread waits for one. */
  tryTake(): OwnTicket | undefined {
    const { self } = this.#region
    return this.#turns.awaited ? undefined : this.#own(this.#queue.tryTake(self.id))
  }

  /** Take a ticket; `undefined` when all slots are in use. */
  take(): OwnTicket | undefined {
    return this.#own(this.#queue.take(this.#region.self.id))
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
    // It may take a turn of the event loop all the same, for which there may be no time left.
    const limits = ticket.isGranted ? { signal: options.signal } : options
    try {
      await this.#region.self.wait(this.#what, turnOf(ticket), limits)
      return ticket
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
    let granted = false
    try {
      granted = this.#region.self.waitSync(turnOf(ticket), options)
    } finally {
      if (!granted) ticket.drop()
    }
    return granted
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

  #own(ticket: number | undefined): OwnTicket | undefined {
    return ticket === undefined ? undefined : new OwnTicket(this.#region, this.#queue, ticket)
  }
}

/** Who is granted a ticket is woken by it: there is nothing to arm. */
function turnOf(ticket: OwnTicket): Condition {
  return { ready: () => ticket.isGranted, arm() {}, disarm() {} }
}
