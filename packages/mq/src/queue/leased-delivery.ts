import { type Delivery, IpcError } from '@ipc/core'
import { checkDurationMs } from '@ipc/core/internal'
import type { PlainAction, SentOut, Settle, SettleAction } from './commands.js'
import type { QueueLink } from './queue-link.js'

/** Who keeps the deliveries of a queue that are not settled. */
export interface DeliveryOwner {
  readonly handle: number
  readonly link: QueueLink
  settled(delivery: LeasedDelivery<unknown>): void
}

const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({})

/** A delivery in the hands of the application. */
export class LeasedDelivery<T> implements Delivery<T> {
  readonly body: T
  readonly #owner: DeliveryOwner
  readonly #message: SentOut
  #controller: AbortController | undefined
  /** Why it cannot be settled any more. */
  #over: IpcError | undefined

  constructor(owner: DeliveryOwner, message: SentOut, body: T) {
    this.body = body
    this.#owner = owner
    this.#message = message
  }

  get id(): string {
    return String(this.#message.id)
  }

  get attempt(): number {
    return this.#message.attempts + 1
  }

  get sentAt(): Date {
    return new Date(this.#message.sentAt)
  }

  get priority(): number {
    return this.#message.priority
  }

  get orderingKey(): string | undefined {
    return this.#message.orderingKey
  }

  get headers(): Readonly<Record<string, string>> {
    return this.#message.headers ?? NO_HEADERS
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.isLost) this.#controller.abort(this.#over)
    return this.#controller.signal
  }

  get handle(): number {
    return this.#owner.handle
  }

  get seq(): number {
    return this.#message.seq
  }

  get epoch(): number {
    return this.#message.epoch
  }

  get isOver(): boolean {
    return this.#over !== undefined
  }

  /** Whether the lease ended by itself. */
  get isLost(): boolean {
    return this.#over !== undefined && this.#over !== SETTLED
  }

  ack(): Promise<void> {
    if (this.#over !== undefined) return Promise.reject(this.#refusal(this.#over))
    this.#end(SETTLED)
    return new Promise((resolve, reject) => {
      this.#owner.link.settlePlainly(this.#owner.handle, 'ack', this, { resolve, reject })
    })
  }

  nack({ delayMs = 0 }: { readonly delayMs?: number | undefined } = {}): Promise<void> {
    checkDurationMs('delayMs', delayMs)
    if (delayMs === Number.POSITIVE_INFINITY) throw new RangeError('delayMs must be finite')
    return this.#settle('nack', delayMs)
  }

  async extend(ms: number): Promise<void> {
    if (checkDurationMs('ms', ms) === 0) throw new RangeError('ms must be above 0, got 0')
    if (this.#over !== undefined) throw this.#refusal(this.#over)
    const { link, handle } = this.#owner
    await link.settle(handle, 'extend', this, ms)
  }

  deadLetter(reason: string): Promise<void> {
    if (typeof reason !== 'string') throw new TypeError(`reason must be a string, got ${typeof reason}`)
    // It has been an attempt, even if nobody was told so far.
    if (this.#over === undefined) this.#owner.link.settlePlainly(this.#owner.handle, 'start', this)
    return this.#settle('dead-letter', 0, reason)
  }

  /** Settle without hearing of it. */
  settleQuietly(action: PlainAction): void {
    this.#end(SETTLED)
    this.#owner.link.settlePlainly(this.#owner.handle, action, this)
  }

  /**
   * Let a transaction settle it: nobody else does from now on.
   *
   * @throws TypeError when it comes from elsewhere.
   */
  hand(link: QueueLink, action: 'ack' | 'dead-letter', reason = ''): Settle {
    if (this.#owner.link !== link) {
      throw new TypeError('the delivery and the transaction are of different hosts')
    }
    if (this.#over !== undefined) throw this.#refusal(this.#over)
    const { seq, epoch } = this
    return { handle: this.#owner.handle, action, seq, epoch, ms: 0, reason }
  }

  /** A transaction has settled it. */
  handed(): void {
    this.#end(SETTLED)
  }

  /** The lease is over. */
  lose(why: IpcError): void {
    this.#over ??= why
    if (this.isLost) this.#controller?.abort(why)
  }

  #settle(action: SettleAction, ms = 0, reason = ''): Promise<void> {
    if (this.#over !== undefined) return Promise.reject(this.#refusal(this.#over))
    this.#end(SETTLED)
    const { link, handle } = this.#owner
    return link.settle(handle, action, this, ms, reason)
  }

  #end(why: IpcError): void {
    this.#over = why
    this.#owner.settled(this as LeasedDelivery<unknown>)
  }

  #refusal(why: IpcError): IpcError {
    return new IpcError('IPC_LEASE_LOST', why.message, { cause: why === SETTLED ? undefined : why })
  }
}

const SETTLED = new IpcError('IPC_LEASE_LOST', 'this delivery has been settled before')
