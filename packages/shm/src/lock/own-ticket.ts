import type { SharedRegion } from '../region/region.js'
import type { TicketQueue } from './ticket-queue.js'

/**
 * A ticket that this thread has taken, until it is finished or dropped. Closing the region drops it, while its memory is
 * still there: nobody waits behind a thread that has gone.
 */
export class OwnTicket {
  readonly #region: SharedRegion
  readonly #queue: TicketQueue
  readonly #ticket: number
  readonly #participant: number
  readonly #forget: () => void
  #ended = false

  constructor(region: SharedRegion, queue: TicketQueue, ticket: number) {
    this.#region = region
    this.#queue = queue
    this.#ticket = ticket
    this.#participant = region.self.id
    this.#forget = region.onClose(() => this.drop())
  }

  get isGranted(): boolean {
    return this.#queue.isGranted(this.#ticket)
  }

  /** Whether it was finished or dropped. */
  get ended(): boolean {
    return this.#ended
  }

  /**
   * It was granted, and is not needed any more. Returns false when it had ended before.
   *
   * @throws IpcError `IPC_FENCED` when this thread was taken for dead meanwhile, and another one has what it had.
   */
  finish(): boolean {
    if (!this.#end()) return false
    if (!this.#queue.finish(this.#ticket, this.#participant)) this.#region.self.checkSeat()
    return true
  }

  /** Whether it was granted or not: the next one may have it. */
  drop(): void {
    if (this.#end()) this.#queue.drop(this.#ticket, this.#participant)
  }

  #end(): boolean {
    if (this.#ended) return false
    this.#ended = true
    this.#forget()
    return true
  }
}
