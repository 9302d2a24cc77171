import {
  type Codec,
  type ConsumeOptions,
  type Consumer,
  type DeadLetter,
  type Delivery,
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
  type SendReceipt,
  type WaitOptions,
} from '@ipc/core'
import { abortedError, checkDurationMs, checkSize } from '@ipc/core/internal'
import {
  type BodyReader,
  checkLeaseMs,
  deliveryIterator,
  MAX_BATCH,
  type ProcessedQueue,
  type ReadableMessage,
  readEach,
  startProcessing,
} from '@ipc/mq/internal'
import type { ConsumerInfo, JetStreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { capabilitiesOf, notSupported } from './abilities.js'
import { type ConnectionListener, type ConnectionWatch, watchOf } from './connection-watch.js'
import { DeadLetters, listFrom } from './dead-letters.js'
import { failure } from './failure.js'
import { FetchStream, type StreamTerms } from './fetch-stream.js'
import type { Lease } from './lease.js'
import { LeaseKeeper } from './lease-keeper.js'
import type { QueueNames } from './names.js'
import { Publisher } from './publisher.js'
import type { PullSourceInit } from './pull-source.js'
import type { ResolvedNatsSettings } from './queue-config.js'
import { makeSenders } from './queue-senders.js'
import { ReceiveCall } from './receive-call.js'
import { Replies } from './replies.js'
import type { Sender } from './sender.js'
import { Settler } from './settler.js'
import { StreamConsumer } from './stream-consumer.js'
import { StreamDelivery } from './stream-delivery.js'

const DEFAULT_PREFETCH = 32
/** How long a question may wait for a connection. */
const CONNECT_PATIENCE_MS = 5000
const PURGE_BATCH = 1000
const RENEWED = 'the server was started again: it delivers the message anew, to whoever asks first'

/** What an opened queue is made of. */
export interface JetQueueInit<T> {
  readonly connection: NatsConnection
  readonly manager: JetStreamManager
  readonly name: string
  readonly names: QueueNames
  readonly settings: ResolvedNatsSettings
  /** The consumer that the stream has. */
  readonly consumer: string
  readonly codec: Codec<T>
  readonly reader: BodyReader<T>
}

/** A queue whose messages are in a stream of JetStream. */
export class JetQueue<T> implements MessageQueue<T>, ConnectionListener {
  readonly name: string
  readonly capabilities: QueueCapabilities
  readonly #init: JetQueueInit<T>
  readonly #watch: ConnectionWatch
  readonly #replies: Replies
  readonly #sender: Sender
  readonly #burying: Sender
  readonly #settler: Settler
  readonly #keeper: LeaseKeeper
  readonly #deadLetters: DeadLetters
  readonly #consumer: StreamConsumer
  readonly #pulls: PullSourceInit
  readonly #publisher: Publisher<T>
  /** Whoever waits for messages. */
  readonly #streams = new Set<FetchStream>()
  readonly #calls = new Set<ReceiveCall>()
  #ended: IpcError | undefined
  #closing: Promise<void> | undefined
  /** Leases of it are renewed for as long as the event loop goes on. */
  readonly #processed: ProcessedQueue<T, Lease> = {
    stream: (options, onChange) => this.#stream(this.#streamTerms(options), onChange),
    begin: (lease, onError, maxRunMs) => this.#begin(lease, onError, maxRunMs),
  }

  constructor(init: JetQueueInit<T>) {
    const { connection, manager, name, names, settings } = init
    this.name = name
    this.#init = init
    const offered = settings.storage === 'file' ? 'os' : 'memory'
    this.capabilities = capabilitiesOf(offered)
    const watch = watchOf(connection)
    const replies = new Replies(connection)
    const common = { connection, watch, replies, name }
    this.#watch = watch
    this.#settler = new Settler(connection, watch, replies)
    this.#replies = replies
    const { stream, subject } = names
    const { sender, burying } = makeSenders({ ...common, manager, names, settings })
    this.#sender = sender
    this.#burying = burying
    this.#publisher = new Publisher<T>({
      connection,
      sender: this.#sender,
      codec: init.codec,
      subject,
      name,
      maxBytes: settings.maxBytes,
      offered,
    })
    this.#deadLetters = new DeadLetters({
      manager,
      names,
      burying: this.#burying,
      redriving: this.#sender,
      isKept: settings.maxDeadLetters > 0,
    })
    this.#keeper = new LeaseKeeper({
      settings,
      settler: this.#settler,
      deadLetters: this.#deadLetters,
      onGone: () => this.#sender.roomMade(),
    })
    this.#consumer = new StreamConsumer({
      manager,
      watch,
      stream,
      settings,
      name: init.consumer,
      onRenewed: () => this.#renewed(),
    })
    this.#pulls = { connection, watch, consumer: this.#consumer }
    watch.add(this)
  }

  async send(body: T, options: QueueSendOptions = {}): Promise<SendReceipt> {
    this.#checkOpen()
    return this.#publisher.send(body, options)
  }

  async sendBatch(
    messages: readonly OutgoingMessage<T>[],
    options: WaitOptions = {},
  ): Promise<SendReceipt[]> {
    this.#checkOpen()
    checkSize('the length of a batch', messages.length, 0, MAX_BATCH)
    return this.#publisher.sendBatch(messages, options)
  }

  async receive(options: QueueReceiveOptions = {}): Promise<Delivery<T> | undefined> {
    const [lease] = await this.#receive(1, options)
    return lease === undefined ? undefined : this.#decode(lease)
  }

  async receiveBatch(options: QueueReceiveOptions & { readonly max: number }): Promise<Delivery<T>[]> {
    checkSize('max', options.max, 1, MAX_BATCH)
    return readEach(await this.#receive(options.max, options), (lease) => this.#decode(lease))
  }

  consume(options: ConsumeOptions = {}): AsyncIterable<Delivery<T>> {
    const terms = this.#streamTerms(options)
    const open = (onChange: () => void): FetchStream => this.#stream(terms, onChange)
    const begin = (lease: Lease): StreamDelivery<T> | undefined => this.#begin(lease, () => {})
    return { [Symbol.asyncIterator]: () => deliveryIterator<T, Lease>(open, begin) }
  }

  process(handler: (delivery: Delivery<T>) => Promise<void> | void, options: ProcessOptions = {}): Consumer {
    return startProcessing<T, Lease>(this.#processed, handler, options)
  }

  async peek(count = 1): Promise<PeekedMessage<T>[]> {
    checkSize('count', count, 1)
    const { manager, names, reader } = this.#init
    const listed = await this.#ask('peek', async () => {
      const { delivered } = await this.#lookAtConsumer()
      return listFrom(manager, names.stream, names.subject, delivered.stream_seq + 1, count)
    })
    return listed.map((message) => reader.peeked(message))
  }

  async deadLetters(count = 1): Promise<DeadLetter<T>[]> {
    checkSize('count', count, 1)
    const listed = await this.#ask('deadLetters', () => this.#deadLetters.list(count))
    return listed.map((message) => this.#init.reader.dead(message))
  }

  async stats(): Promise<QueueStats> {
    const { manager, names } = this.#init
    return this.#ask('stats', async () => {
      const [consumer, stream, dead] = await Promise.all([
        this.#lookAtConsumer(),
        manager.streams.info(names.stream),
        this.#deadLetters.count(),
      ])
      return {
        ready: consumer.num_pending,
        delayed: 0,
        blocked: 0,
        leased: consumer.num_ack_pending,
        dead,
        bytes: stream.state.bytes,
        dropped: 0,
        expired: 0,
      }
    })
  }

  async purge(what: 'waiting' | 'dead' = 'waiting'): Promise<number> {
    if (what === 'dead') return this.#ask('purge', () => this.#deadLetters.purge())
    if (what !== 'waiting') throw new TypeError(`purge takes 'waiting' or 'dead', got ${String(what)}`)
    // JetStream would remove what is leased too. What nobody else can get, we can.
    let purged = 0
    for (;;) {
      const leases = await this.#receive(PURGE_BATCH, { timeoutMs: 0 })
      await Promise.all(leases.map((lease) => this.#keeper.ack(lease)))
      purged += leases.length
      if (leases.length === 0) return purged
    }
  }

  async redrive({ max }: { readonly max?: number | undefined } = {}): Promise<number> {
    if (max !== undefined) checkSize('max', max, 1)
    return this.#ask('redrive', () => this.#deadLetters.redrive(max ?? Number.POSITIVE_INFINITY))
  }

  async transaction(): Promise<never> {
    this.#checkOpen()
    throw notSupported('transactions')
  }

  close(): Promise<void> {
    this.#closing ??= this.#close(new IpcError('IPC_CLOSED', `queue ${this.name} is closed`))
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The end of a scope is no place to report that the server is gone.
    await this.close().catch(() => {})
  }

  disconnected(): void {
    this.#replies.loseAll()
    for (const waiting of [...this.#calls, ...this.#streams]) waiting.disconnected()
  }

  reconnected(): void {
    this.#sender.reconnected()
    this.#burying.reconnected()
    // What goes wrong here is seen again by who asks for messages.
    const looked = this.#consumer.look().catch(() => {})
    void looked.then(() => {
      for (const waiting of [...this.#calls, ...this.#streams]) waiting.reconnected()
    })
  }

  denied(subject: string): void {
    const { subject: own, deadSubject } = this.#init.names
    const why = new IpcError(
      'IPC_PERMISSION_DENIED',
      `the server does not let this user publish to ${subject}: change its permissions`,
    )
    if (subject === own) this.#sender.refuseAll(why)
    else if (subject === deadSubject) this.#burying.refuseAll(why)
    else if (subject === this.#consumer.nextSubject) {
      for (const call of [...this.#calls]) void call.fail(why)
      for (const stream of [...this.#streams]) stream.lost(why)
    }
  }

  ended(why: IpcError): void {
    if (this.#ended !== undefined) return
    this.#ended = why
    this.#watch.remove(this)
    for (const call of [...this.#calls]) void call.fail(why)
    for (const stream of [...this.#streams]) stream.lost(why)
    this.#sender.end(why)
    this.#burying.end(why)
    this.#keeper.loseAll(
      new IpcError('IPC_LEASE_LOST', `the queue is out of reach: ${why.message}`, { cause: why }),
    )
    this.#replies.close()
  }

  async #close(why: IpcError): Promise<void> {
    if (this.#ended !== undefined) return
    const waiting = [...this.#calls].map((call) => call.fail(why))
    await Promise.all([...waiting, ...[...this.#streams].map((stream) => stream.finish(why))])
    this.#settler.hurry()
    await this.#sender.close(why)
    await this.#keeper.close(why)
    await this.#burying.close(why)
    // What was acknowledged without hearing of it is through then.
    if (this.#watch.isConnected) await this.#init.connection.flush().catch(() => {})
    this.ended(why)
  }

  async #receive(max: number, options: QueueReceiveOptions): Promise<Lease[]> {
    this.#checkOpen()
    const { leaseMs, signal, timeoutMs = Number.POSITIVE_INFINITY } = options
    if (leaseMs !== undefined) checkLeaseMs(leaseMs)
    checkDurationMs('timeoutMs', timeoutMs)
    if (signal?.aborted) throw abortedError('receive', signal.reason)
    const call = new ReceiveCall(this.#pulls, this.#keeper, { max, leaseMs, signal, timeoutMs })
    this.#calls.add(call)
    try {
      return await call.result
    } finally {
      this.#calls.delete(call)
    }
  }

  /** @throws IpcError `IPC_DECODE_FAILED`: it is a dead letter then. */
  #decode(lease: Lease): StreamDelivery<T> {
    const message: ReadableMessage = lease.read()
    try {
      return new StreamDelivery<T>(this.#keeper, lease, message, this.#init.reader.body(message))
    } catch (error) {
      const reason = isIpcError(error) ? `${error.code}: ${error.message}` : String(error)
      this.#keeper.quietly(this.#keeper.bury(lease, reason))
      throw error
    }
  }

  #begin(lease: Lease, onError: (error: unknown) => void, maxRunMs?: number): StreamDelivery<T> | undefined {
    if (maxRunMs !== undefined) this.#keeper.limit(lease, maxRunMs)
    try {
      return this.#decode(lease)
    } catch (error) {
      onError(error)
      return undefined
    }
  }

  #streamTerms({ prefetch, leaseMs, signal }: ConsumeOptions): StreamTerms {
    this.#checkOpen()
    return {
      prefetch: checkSize('prefetch', prefetch ?? DEFAULT_PREFETCH, 1, MAX_BATCH),
      leaseMs: leaseMs === undefined ? undefined : checkLeaseMs(leaseMs),
      signal,
    }
  }

  #stream(terms: StreamTerms, onChange: () => void): FetchStream {
    const stream: FetchStream = new FetchStream(this.#pulls, this.#keeper, terms, () => {
      if (stream.ended !== undefined) this.#streams.delete(stream)
      onChange()
    })
    if (this.#ended !== undefined) stream.lost(this.#ended)
    else if (stream.ended === undefined) this.#streams.add(stream)
    return stream
  }

  #renewed(): void {
    this.#keeper.loseAll(new IpcError('IPC_LEASE_LOST', RENEWED))
    // Nobody answers what the earlier consumer was asked for: it is asked again.
    for (const waiting of [...this.#calls, ...this.#streams]) waiting.disconnected()
  }

  async #lookAtConsumer(): Promise<ConsumerInfo> {
    const info = await this.#consumer.look()
    if (info === undefined)
      throw new IpcError('IPC_TIMEOUT', 'the connection was cut before the server answered')
    return info
  }

  async #ask<R>(what: string, run: () => Promise<R>): Promise<R> {
    this.#checkOpen()
    if (!(await this.#watch.connectedWithin(CONNECT_PATIENCE_MS)) && this.#ended === undefined) {
      throw new IpcError(
        'IPC_TIMEOUT',
        `${what}: not connected to the server within ${CONNECT_PATIENCE_MS} ms`,
      )
    }
    this.#checkOpen()
    try {
      return await run()
    } catch (error) {
      throw this.#ended ?? failure(what, error)
    }
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw new IpcError('IPC_CLOSED', `queue ${this.name} is closed`)
    if (this.#ended === undefined) return
    throw new IpcError(this.#ended.code, this.#ended.message, { cause: this.#ended })
  }
}
