import { IpcError } from '@ipc/core'
import { checkDurationMs } from '@ipc/core/internal'
import type { HandledDelivery, ReadableMessage } from '@ipc/mq/internal'
import type { Lease } from './lease.js'
import { type LeaseKeeper, SETTLED } from './lease-keeper.js'

const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({})

/** A delivery in the hands of the application. */
export class StreamDelivery<T> implements HandledDelivery<T> {
  readonly body: T
  readonly orderingKey = undefined
  readonly priority = 0
  readonly #keeper: LeaseKeeper
  readonly #lease: Lease
  readonly #message: ReadableMessage
  #controller: AbortController | undefined

  constructor(keeper: LeaseKeeper, lease: Lease, message: ReadableMessage, body: T) {
    this.body = body
    this.#keeper = keeper
    this.#lease = lease
    this.#message = message
  }

  get id(): string {
    return String(this.#message.id)
  }

  get attempt(): number {
    return this.#lease.attempt
  }

  get sentAt(): Date {
    return new Date(this.#message.sentAt)
  }

  get headers(): Readonly<Record<string, string>> {
    return this.#message.headers ?? NO_HEADERS
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController()
      this.#controller = controller
      if (this.isLost) controller.abort(this.#lease.over)
      else this.#lease.onLost((why) => controller.abort(why))
    }
    return this.#controller.signal
  }

  get isOver(): boolean {
    return this.#lease.over !== undefined
  }

  get isLost(): boolean {
    return this.isOver && this.#lease.over !== SETTLED
  }

  async ack(): Promise<void> {
    this.#checkHeld()
    await this.#keeper.ack(this.#lease)
  }

  async nack({ delayMs = 0 }: { readonly delayMs?: number | undefined } = {}): Promise<void> {
    checkDurationMs('delayMs', delayMs)
    if (delayMs === Number.POSITIVE_INFINITY) throw new RangeError('delayMs must be finite')
    this.#checkHeld()
    await this.#keeper.nack(this.#lease, delayMs)
  }

  async extend(ms: number): Promise<void> {
    if (checkDurationMs('ms', ms) === 0) throw new RangeError('ms must be above 0, got 0')
    this.#checkHeld()
    await this.#keeper.extend(this.#lease, ms)
  }

  async deadLetter(reason: string): Promise<void> {
    if (typeof reason !== 'string') throw new TypeError(`reason must be a string, got ${typeof reason}`)
    this.#checkHeld()
    await this.#keeper.bury(this.#lease, reason)
  }

  settleQuietly(action: 'ack' | 'retry'): void {
    if (action === 'ack') this.#keeper.ackQuietly(this.#lease)
    else this.#keeper.quietly(this.#keeper.retry(this.#lease))
  }

  #checkHeld(): void {
    // The timer may be late: the time decides.
    this.#lease.check(performance.now())
    const { over } = this.#lease
    if (over === undefined) return
    throw new IpcError('IPC_LEASE_LOST', over.message, { cause: over === SETTLED ? undefined : over })
  }
}
