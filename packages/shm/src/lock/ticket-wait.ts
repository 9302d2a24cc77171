import type { IpcError, WaitOptions } from '@ipc/core'
import { checkDurationMs } from '@ipc/core/internal'
import type { SharedRegion } from '../region/region.js'
import type { BlockOptions, Condition } from '../wait/participant.js'
import type { TicketQueue } from './ticket-queue.js'
import { Turns } from './turns.js'

/** How long to wait before looking for a free slot again, when more wait than there are slots. */
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

  /** Take a ticket and wait until it is granted, in the event loop. */
  async wait(options: WaitOptions = {}): Promise<number> {
    const { signal, timeoutMs = Number.POSITIVE_INFINITY } = options
    checkDurationMs('timeoutMs', timeoutMs)
    const start = performance.now()
    await this.#turns.enter(this.#what, options)
    const left = (): WaitOptions => ({
      signal,
      timeoutMs: Math.max(0, timeoutMs - (performance.now() - start)),
    })
    try {
      return await this.#granted(await this.#take(left), left())
    } finally {
      this.#turns.leave()
    }
  }

  /** As {@link wait}, for a ticket that was taken already. */
  async waitFor(ticket: number, options: WaitOptions | undefined): Promise<void> {
    await this.#granted(ticket, options)
  }

  /** Take a ticket and block the thread until it is granted; `undefined` when the time is over. */
  waitSync(options: BlockOptions): number | undefined {
    const { timeoutMs = Number.POSITIVE_INFINITY } = options
    checkDurationMs('timeoutMs', timeoutMs)
    const { self } = this.#region
    const start = performance.now()
    const left = (): number => Math.max(0, timeoutMs - (performance.now() - start))
    let ticket = this.#queue.take(self.id)
    while (ticket === undefined) {
      if (left() === 0) return undefined
      self.waitSync(NEVER, { timeoutMs: Math.min(SLOT_WAIT_MS, left()) })
      ticket = this.#queue.take(self.id)
    }
    return this.waitForSync(ticket, { ...options, timeoutMs: left() })
  }

  /** Block the thread until a ticket that was taken is granted. */
  waitForSync(ticket: number, options: BlockOptions): number | undefined {
    if (this.#region.self.waitSync(this.#turnOf(ticket), options)) return ticket
    this.#giveUp(ticket)
    return undefined
  }

  async #take(left: () => WaitOptions): Promise<number> {
    const { self } = this.#region
    while (true) {
      const ticket = this.#queue.take(self.id)
      if (ticket !== undefined) return ticket
      const { signal, timeoutMs = 0 } = left()
      const pause = timeoutMs === 0 ? 0 : Math.min(SLOT_WAIT_MS, timeoutMs)
      try {
        await self.wait(this.#what, NEVER, { signal, timeoutMs: pause })
      } catch (error) {
        if (pause === 0 || (error as IpcError).code !== 'IPC_TIMEOUT') throw error
      }
    }
  }

  async #granted(ticket: number, options: WaitOptions | undefined): Promise<number> {
    try {
      await this.#region.self.wait(this.#what, this.#turnOf(ticket), options)
      return ticket
    } catch (error) {
      this.#giveUp(ticket)
      throw error
    }
  }

  #giveUp(ticket: number): void {
    if (!this.#queue.giveUp(ticket, this.#region.self.id)) return
    // Granted at the last moment: pass it on.
    this.#queue.finish(ticket)
    this.#queue.grant()
  }

  /** Who is granted a ticket is woken by it: there is nothing to arm. */
  #turnOf(ticket: number): Condition {
    return { ready: () => this.#queue.isGranted(ticket), arm() {}, disarm() {} }
  }
}
