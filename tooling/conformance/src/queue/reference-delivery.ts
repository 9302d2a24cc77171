import { type Delivery, IpcError } from '@ipc/core'
import type { ModelEntry } from './queue-model.js'
import type { ReferenceHost } from './reference-queue.js'

/** A delivery of the reference queue. */
export class ReferenceDelivery implements Delivery<unknown> {
  readonly body: unknown
  readonly id: string
  readonly attempt: number
  readonly sentAt: Date
  readonly priority: number
  readonly orderingKey: string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly place: number
  readonly epoch: number
  readonly owner: number
  readonly #host: ReferenceHost
  readonly #controller = new AbortController()
  #isSettled = false

  constructor(host: ReferenceHost, owner: number, entry: ModelEntry) {
    this.#host = host
    this.owner = owner
    this.body = structuredClone(entry.message.body)
    this.id = String(entry.id)
    this.attempt = entry.attempts
    this.sentAt = new Date(performance.timeOrigin + entry.sentAt)
    this.priority = entry.message.priority ?? 0
    this.orderingKey = entry.message.orderingKey
    this.headers = entry.message.headers ?? {}
    this.place = entry.place
    this.epoch = entry.epochs
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get isSettled(): boolean {
    return this.#isSettled
  }

  ack(): Promise<void> {
    return this.#settle((model, now) => model.ack(this.owner, this.place, this.epoch, now))
  }

  async nack({ delayMs = 0 }: { readonly delayMs?: number | undefined } = {}): Promise<void> {
    checkMs('delayMs', delayMs)
    await this.#settle((model, now) => model.nack(this.owner, this.place, this.epoch, delayMs, now))
  }

  /** As `nack`, after the queue's backoff. */
  retry(): Promise<void> {
    return this.#settle((model, now) => model.nack(this.owner, this.place, this.epoch, undefined, now))
  }

  async extend(ms: number): Promise<void> {
    checkMs('ms', ms)
    await this.#settle((model, now) => model.extend(this.owner, this.place, this.epoch, ms, now))
    this.#isSettled = false
  }

  deadLetter(reason: string): Promise<void> {
    return this.#settle((model, now) => model.deadLetter(this.owner, this.place, this.epoch, reason, now))
  }

  /** A transaction has settled it. */
  settled(): void {
    this.#isSettled = true
  }

  lose(): void {
    this.#isSettled = true
    this.#controller.abort()
  }

  async #settle(change: (model: ReferenceHost['model'], now: number) => boolean): Promise<void> {
    const isDone = !this.#isSettled && this.#host.change((now) => change(this.#host.model, now))
    this.#isSettled = true
    if (!isDone) throw new IpcError('IPC_LEASE_LOST', 'the lease is over')
  }
}

/** @throws RangeError unless it is a finite number of milliseconds, 0 only where it may be. */
export function checkMs(name: string, ms: number): void {
  if (typeof ms !== 'number' || !(ms >= 0) || ms === Number.POSITIVE_INFINITY) {
    throw new RangeError(`${name} must be a number of milliseconds, got ${String(ms)}`)
  }
}
