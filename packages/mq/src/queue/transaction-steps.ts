import type { Delivery, MessageQueue, QueueSendOptions, QueueTransaction, WaitOptions } from '@ipc/core'
import type { Command, Settle } from './commands.js'
import { LeasedDelivery } from './leased-delivery.js'
import type { QueueLink } from './queue-link.js'
import type { NewMessage } from './state-machine.js'

/** A queue as transactions need it. */
interface Sender {
  readonly link: QueueLink
  readonly handle: number
  outgoing(body: unknown, options: Omit<QueueSendOptions, keyof WaitOptions> | undefined): NewMessage
}

type Steps = Pick<Extract<Command, { readonly kind: 'transact' }>, 'settles' | 'sends'>

/** Collects what a transaction does. */
export class TransactionSteps implements QueueTransaction {
  readonly #link: QueueLink
  readonly #settles: Settle[] = []
  readonly #sends: { readonly handle: number; readonly message: NewMessage }[] = []
  readonly #deliveries: LeasedDelivery<unknown>[] = []
  #isFinished = false

  constructor(link: QueueLink) {
    this.#link = link
  }

  ack(delivery: Delivery<unknown>): void {
    this.#settle(delivery, 'ack')
  }

  deadLetter(delivery: Delivery<unknown>, reason: string): void {
    if (typeof reason !== 'string') throw new TypeError(`reason must be a string, got ${typeof reason}`)
    this.#settle(delivery, 'dead-letter', reason)
  }

  send<T>(queue: MessageQueue<T>, body: T, options?: Omit<QueueSendOptions, keyof WaitOptions>): void {
    this.#checkOpen()
    const sender = queue as unknown as Partial<Sender>
    if (sender.link !== this.#link || typeof sender.outgoing !== 'function') {
      throw new TypeError('the queue and the transaction are of different hosts')
    }
    this.#sends.push({ handle: sender.handle as number, message: sender.outgoing(body, options) })
  }

  /** All of it; nothing can be added from now on. */
  finish(): Steps & { readonly deliveries: readonly LeasedDelivery<unknown>[] } {
    this.#isFinished = true
    return { settles: this.#settles, sends: this.#sends, deliveries: this.#deliveries }
  }

  #settle(delivery: Delivery<unknown>, action: 'ack' | 'dead-letter', reason = ''): void {
    this.#checkOpen()
    if (!(delivery instanceof LeasedDelivery)) throw new TypeError('this is not a delivery of a queue')
    this.#settles.push(delivery.hand(this.#link, action, reason))
    this.#deliveries.push(delivery)
  }

  #checkOpen(): void {
    if (this.#isFinished) throw new TypeError('a transaction is built before its function returns')
  }
}
