import {
  type Codec,
  type ConsumeOptions,
  type Consumer,
  type DeadLetter,
  type Delivery,
  type Durability,
  IpcError,
  isIpcError,
  type MessageQueue,
  type OutgoingMessage,
  type PeekedMessage,
  type ProcessOptions,
  type QueueCapabilities,
  type QueueReceiveOptions,
  type QueueSendOptions,
  type QueueStats,
  type QueueTransaction,
  type SendReceipt,
  type WaitOptions,
} from '@ipc/core'
import { checkSize } from '@ipc/core/internal'
import { listed, value } from './answers.js'
import type { BodyReader } from './body-reader.js'
import type { Inquiry, QueueEvent, SentOut } from './commands.js'
import { deliveryIterator } from './delivery-iterator.js'
import { DeliveryStream, type StreamTerms } from './delivery-stream.js'
import { upTo } from './durability.js'
import { type DeliveryOwner, LeasedDelivery } from './leased-delivery.js'
import { outgoing } from './outgoing.js'
import { type ProcessedQueue, startProcessing } from './processing.js'
import { type LeaseHolder, type QueueLink, receiptOf } from './queue-link.js'
import { checkLeaseMs, MAX_BATCH } from './queue-settings.js'
import { readEach } from './read-each.js'
import { SeqIndex } from './seq-index.js'
import type { LeaseToken, NewMessage } from './state-machine.js'
import { TransactionSteps } from './transaction-steps.js'

const NO_OPTIONS: QueueSendOptions = {}
const DEFAULT_PREFETCH = 32

/** What an opened queue is made of. */
export interface QueueClientInit<T> {
  readonly link: QueueLink
  readonly handle: number
  readonly name: string
  readonly codec: Codec<T>
  readonly reader: BodyReader<T>
  /** How safely its host can keep messages. */
  readonly offered: Durability
  /** How safe they are where nothing else is asked for. */
  readonly durability: Durability
}

/** A queue in the hands of the application, wherever its engine is. */
export class QueueClient<T> implements MessageQueue<T>, LeaseHolder, DeliveryOwner {
  readonly name: string
  readonly capabilities: QueueCapabilities
  readonly link: QueueLink
  readonly handle: number
  readonly #codec: Codec<T>
  readonly #reader: BodyReader<T>
  readonly #offered: Durability
  readonly #durability: Durability
  readonly #deliveries = new SeqIndex<LeasedDelivery<unknown>>()
  readonly #streams = new Set<DeliveryStream>()
  #closing: Promise<void> | undefined
  readonly #processed: ProcessedQueue<T, SentOut> = {
    stream: (options, onChange) => this.#stream(this.#streamTerms(options), onChange),
    begin: (message, onError, maxRunMs) => this.#take(message, onError, maxRunMs),
  }

  constructor({ link, handle, name, codec, reader, offered, durability }: QueueClientInit<T>) {
    this.name = name
    this.link = link
    this.handle = handle
    this.capabilities = {
      durability: upTo(offered),
      priorities: true,
      orderingKeys: true,
      delay: true,
      ttl: true,
      deduplication: true,
      deadLetters: true,
      transactions: true,
      redeliveryInPlace: true,
      startedAttempts: true,
      exactStates: true,
    }
    this.#codec = codec
    this.#reader = reader
    this.#offered = offered
    this.#durability = durability
    link.addHolder(handle, this)
  }

  send(body: T, options: QueueSendOptions = NO_OPTIONS): Promise<SendReceipt> {
    try {
      const messages = [outgoing(this.#codec, body, options, this.#offered)]
      return this.#send(messages, options, ([receipt]) => receipt as SendReceipt)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  async sendBatch(
    messages: readonly OutgoingMessage<T>[],
    options: WaitOptions = {},
  ): Promise<SendReceipt[]> {
    checkSize('the length of a batch', messages.length, 0, MAX_BATCH)
    const encoded = messages.map(({ body, options: own = NO_OPTIONS }) => {
      return outgoing(this.#codec, body, own, this.#offered)
    })
    return encoded.length === 0 ? [] : this.#send(encoded, options, (receipts) => receipts)
  }

  async receive(options: QueueReceiveOptions = {}): Promise<Delivery<T> | undefined> {
    const [first] = await this.#receive(1, options)
    if (first === undefined) return undefined
    const delivery = this.#decode(first)
    await this.#begin(delivery, first, false)
    return delivery
  }

  async receiveBatch(options: QueueReceiveOptions & { readonly max: number }): Promise<Delivery<T>[]> {
    checkSize('max', options.max, 1, MAX_BATCH)
    return readEach(await this.#receive(options.max, options), async (message) => {
      const delivery = this.#decode(message)
      await this.#begin(delivery, message, false)
      return delivery
    })
  }

  consume(options: ConsumeOptions = {}): AsyncIterable<Delivery<T>> {
    const terms = this.#streamTerms(options)
    const open = (onChange: () => void): DeliveryStream => this.#stream(terms, onChange)
    const begin = (message: SentOut) => this.#take(message, () => {})
    return { [Symbol.asyncIterator]: () => deliveryIterator<T, SentOut>(open, begin) }
  }

  process(handler: (delivery: Delivery<T>) => Promise<void> | void, options: ProcessOptions = {}): Consumer {
    return startProcessing<T, SentOut>(this.#processed, handler, options)
  }

  async peek(count = 1): Promise<PeekedMessage<T>[]> {
    checkSize('count', count, 1)
    const messages = await this.#inquire('peek', listed, count)
    return messages.map((message) => this.#reader.peeked(message))
  }

  async deadLetters(count = 1): Promise<DeadLetter<T>[]> {
    checkSize('count', count, 1)
    const messages = await this.#inquire('dead-letters', listed, count)
    return messages.map((message) => this.#reader.dead(message))
  }

  async stats(): Promise<QueueStats> {
    return this.#inquire('stats', (event) => (event as Extract<QueueEvent, { kind: 'stats' }>).counts)
  }

  async purge(what: 'waiting' | 'dead' = 'waiting'): Promise<number> {
    if (what !== 'waiting' && what !== 'dead') {
      throw new TypeError(`purge takes 'waiting' or 'dead', got ${String(what)}`)
    }
    return this.#inquire(what === 'dead' ? 'purge-dead' : 'purge', value)
  }

  async redrive({ max }: { readonly max?: number | undefined } = {}): Promise<number> {
    if (max !== undefined) checkSize('max', max, 1)
    return this.#inquire('redrive', value, max ?? Number.MAX_SAFE_INTEGER)
  }

  async transaction(build: (transaction: QueueTransaction) => void): Promise<SendReceipt[]> {
    this.#checkOpen()
    const steps = new TransactionSteps(this.link)
    build(steps)
    const { settles, sends, deliveries } = steps.finish()
    const request = this.link.newNumber()
    const receipts = await this.link.call({ kind: 'transact', request, settles, sends }, (event) => {
      return (event as Extract<QueueEvent, { kind: 'sent' }>).receipts
    })
    for (const delivery of deliveries) delivery.handed()
    const levels = sends.map(({ message }) => message.durability ?? this.#durability)
    return receipts.map((sent, at) => receiptOf(sent, this.#reached(levels[at])))
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The end of a scope is no place to report that the broker is gone.
    await this.close().catch(() => {})
  }

  /** A message of this queue for a transaction. */
  outgoing(body: T, options: Omit<QueueSendOptions, keyof WaitOptions> = {}): NewMessage {
    this.#checkOpen()
    return outgoing(this.#codec, body, options, this.#offered)
  }

  leaseLost(token: LeaseToken): void {
    const { seq, epoch } = token
    const found = this.#deliveries.find(seq)
    const delivery = found?.epoch === epoch ? found : undefined
    if (delivery !== undefined) {
      this.#deliveries.remove(seq)
      delivery.lose(new IpcError('IPC_LEASE_LOST', 'the time of the lease is over'))
    }
    for (const stream of [...this.#streams]) stream.leaseLost(token, delivery !== undefined)
  }

  ended(error: IpcError): void {
    const why = new IpcError('IPC_LEASE_LOST', `the queue is out of reach: ${error.message}`, {
      cause: error,
    })
    const deliveries = [...this.#deliveries]
    this.#deliveries.clear()
    for (const delivery of deliveries) delivery.lose(why)
  }

  settled(delivery: LeasedDelivery<unknown>): void {
    this.#deliveries.remove(delivery.seq)
  }

  #send<R>(
    messages: readonly NewMessage[],
    options: WaitOptions,
    pick: (receipts: SendReceipt[]) => R,
  ): Promise<R> {
    this.#checkOpen()
    const { link, handle } = this
    const bytes = messages.reduce((sum, message) => sum + message.bytes, 0)
    link.admit(bytes)
    const request = link.newNumber()
    const read = (event: QueueEvent): R => {
      const { receipts } = event as Extract<QueueEvent, { kind: 'sent' }>
      return pick(receipts.map((sent, at) => receiptOf(sent, this.#reached(messages[at]?.durability))))
    }
    const cancelled = (why: IpcError, queued: number): R => {
      if (queued === 0) throw why
      throw new IpcError(why.code, `${why.message}; the first ${queued} are queued`, { details: { queued } })
    }
    const sent = link.ask({ kind: 'send', request, handle, messages }, options, read, {
      what: 'send',
      cancelled,
      abortsAtOnce: false,
    })
    const answered = (): void => link.answered(bytes)
    sent.then(answered, answered)
    return sent
  }

  /** What a message has reached when its receipt comes. In memory nothing is safer, whatever was asked for. */
  #reached(asked: Durability | undefined): Durability {
    return this.#offered === 'memory' ? 'memory' : (asked ?? this.#durability)
  }

  #receive(max: number, options: QueueReceiveOptions): Promise<readonly SentOut[]> {
    this.#checkOpen()
    const { leaseMs, signal, timeoutMs } = options
    if (leaseMs !== undefined) checkLeaseMs(leaseMs)
    const { link, handle } = this
    const request = link.newNumber()
    const wait = timeoutMs !== 0
    const giveBack = (message: SentOut): void => link.settlePlainly(handle, 'release', message)
    return link.ask(
      { kind: 'receive', request, handle, max, leaseMs: leaseMs ?? 0, wait },
      { signal, timeoutMs: wait ? timeoutMs : Number.POSITIVE_INFINITY },
      (event) => (event.kind === 'delivered' ? event.messages : []),
      {
        what: 'receive',
        cancelled: (why) => {
          if (why.code !== 'IPC_TIMEOUT') throw why
          return []
        },
        tooLate: (event) => {
          if (event.kind === 'delivered') event.messages.forEach(giveBack)
        },
        abortsAtOnce: true,
      },
    )
  }

  #decode(message: SentOut): LeasedDelivery<T> {
    let body: T
    try {
      body = this.#reader.body(message)
    } catch (error) {
      const { link, handle } = this
      const { seq, epoch } = message
      const reason = isIpcError(error) ? `${error.code}: ${error.message}` : String(error)
      link.post({ kind: 'settle', request: 0, handle, action: 'dead-letter', seq, epoch, ms: 0, reason })
      throw error
    }
    const delivery = new LeasedDelivery<T>(this, message, body)
    this.#deliveries.add(delivery as LeasedDelivery<unknown>)
    return delivery
  }

  /** A delivery of a stream; `undefined` when it cannot be decoded, or is somebody else's by now. */
  #take(
    message: SentOut,
    onError: (error: unknown) => void,
    maxRunMs = Number.POSITIVE_INFINITY,
  ): LeasedDelivery<T> | undefined | Promise<LeasedDelivery<T> | undefined> {
    let delivery: LeasedDelivery<T>
    try {
      delivery = this.#decode(message)
    } catch (error) {
      onError(error)
      return undefined
    }
    const begun = this.#begin(delivery, message, true, maxRunMs)
    if (begun === undefined) return delivery
    return begun.then(
      () => delivery,
      () => undefined,
    )
  }

  /**
   * It is about to be handled. Of one that somebody may have died of, the engine has to know before, and of one whose time
   * begins now: the handler may leave no time to tell.
   */
  #begin(
    delivery: LeasedDelivery<T>,
    { suspect }: SentOut,
    isOneOfMany: boolean,
    maxRunMs = Number.POSITIVE_INFINITY,
  ): Promise<void> | undefined {
    const { link, handle } = this
    if (maxRunMs !== Number.POSITIVE_INFINITY) return link.settle(handle, 'run', delivery, maxRunMs)
    if (suspect) return link.settle(handle, 'start', delivery)
    link.begin(delivery, isOneOfMany)
    return undefined
  }

  #streamTerms({ prefetch, leaseMs, signal }: ConsumeOptions): StreamTerms {
    this.#checkOpen()
    return {
      handle: this.handle,
      prefetch: checkSize('prefetch', prefetch ?? DEFAULT_PREFETCH, 1, MAX_BATCH),
      leaseMs: leaseMs === undefined ? 0 : checkLeaseMs(leaseMs),
      signal,
    }
  }

  #stream(terms: StreamTerms, onChange: () => void): DeliveryStream {
    const stream: DeliveryStream = new DeliveryStream(this.link, terms, () => {
      if (stream.ended !== undefined) this.#streams.delete(stream)
      onChange()
    })
    if (stream.ended === undefined) this.#streams.add(stream)
    return stream
  }

  async #close(): Promise<void> {
    const { link, handle, name } = this
    const why = closed(name)
    for (const stream of [...this.#streams]) stream.end(why)
    const request = link.newNumber()
    const done =
      link.ended === undefined ? link.call({ kind: 'close', request, handle }, () => {}) : undefined
    try {
      await done
    } finally {
      link.removeHolder(handle)
      this.ended(why)
    }
  }

  #inquire<R>(what: Inquiry, read: (event: QueueEvent) => R, count = 0): Promise<R> {
    this.#checkOpen()
    const request = this.link.newNumber()
    return this.link.call({ kind: 'inquire', request, handle: this.handle, what, count }, read)
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw closed(this.name)
  }
}

function closed(name: string): IpcError {
  return new IpcError('IPC_CLOSED', `queue ${name} is closed`)
}
