import {
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
  type QueueTransaction,
  type SendReceipt,
  type WaitOptions,
} from '@ipc/core'
import { abortedError, checkDurationMs, checkSize, startWait } from '@ipc/core/internal'
import { IN_MEMORY, type QueueSetup } from './queue-harness.js'
import { type ModelEntry, type ModelMessage, type QueueModel, sizeOf } from './queue-model.js'
import { checkMs, ReferenceDelivery } from './reference-delivery.js'

/** Of a lease that ends with its owner. */
const LIFELONG_MS = Number.MAX_SAFE_INTEGER

/** Asks again after every change; returns true when it has what it waits for. */
type Waiter = (now: number) => boolean

/** A model at work: time passes by itself, and whoever waits is asked after every change. */
export class ReferenceHost {
  readonly model: QueueModel
  readonly setup: QueueSetup
  readonly receivers: Set<Waiter> = new Set()
  readonly senders: Set<Waiter> = new Set()
  readonly deliveries: Set<ReferenceDelivery> = new Set()
  readonly #ticking: NodeJS.Timeout

  constructor(setup: QueueSetup, makeModel: (settings: QueueModel['settings']) => QueueModel) {
    this.setup = setup
    this.model = makeModel({
      maxMessages: setup.maxMessages ?? 1000,
      maxBytes: setup.maxBytes ?? 2 ** 26,
      whenFull: setup.whenFull ?? 'wait',
      maxAttempts: setup.maxAttempts ?? 20,
      backoffFirstMs: setup.backoff?.firstMs ?? 100,
      backoffMaxMs: setup.backoff?.maxMs ?? 60_000,
      deduplicationWindowMs: setup.deduplicationWindowMs ?? 120_000,
      whenExpired: setup.whenExpired ?? 'drop',
      maxDeadLetters: setup.maxDeadLetters ?? 10_000,
    })
    this.#ticking = setInterval(() => this.change(() => {}), 2)
  }

  change<T>(run: (now: number) => T): T {
    const now = performance.now()
    for (const entry of this.model.advance(now)) this.#lose(entry)
    const result = run(now)
    for (const waiters of [this.senders, this.receivers]) {
      for (const waiter of waiters) {
        if (waiter(now)) waiters.delete(waiter)
        // First come, first served.
        else break
      }
    }
    return result
  }

  stop(): void {
    clearInterval(this.#ticking)
  }

  #lose({ place, epochs }: ModelEntry): void {
    for (const delivery of this.deliveries) {
      if (delivery.place !== place || delivery.epoch !== epochs) continue
      this.deliveries.delete(delivery)
      if (!delivery.isSettled) delivery.lose()
    }
  }
}

let owners = 0

/** A queue in memory, as simple as can be: the reference that the suite is tested with. */
export class ReferenceQueue implements MessageQueue<unknown> {
  readonly name = 'reference'
  readonly capabilities: QueueCapabilities = IN_MEMORY
  readonly host: ReferenceHost
  readonly #owner = ++owners
  readonly #closing = new AbortController()

  constructor(host: ReferenceHost) {
    this.host = host
  }

  async send(body: unknown, options: QueueSendOptions = {}): Promise<SendReceipt> {
    const [receipt] = await this.#send([{ body, options }], options)
    return receipt as SendReceipt
  }

  sendBatch(
    messages: readonly OutgoingMessage<unknown>[],
    options: WaitOptions = {},
  ): Promise<SendReceipt[]> {
    return this.#send(messages, options)
  }

  async receive(options: QueueReceiveOptions = {}): Promise<Delivery<unknown> | undefined> {
    return (await this.receiveBatch({ ...options, max: 1 }))[0]
  }

  async receiveBatch(options: QueueReceiveOptions & { readonly max: number }): Promise<Delivery<unknown>[]> {
    const { max, leaseMs = this.host.setup.leaseMs ?? 60_000, timeoutMs } = options
    checkSize('max', max)
    if (leaseMs === 0) throw new RangeError('leaseMs must be above 0, got 0')
    checkMs('leaseMs', leaseMs)
    const taken = (now: number): Delivery<unknown>[] | undefined => {
      const deliveries: Delivery<unknown>[] = []
      while (deliveries.length < max) {
        const entry = this.host.model.claim(this.#owner, leaseMs, now)
        if (entry === undefined) break
        this.host.model.start(this.#owner, entry.place, entry.epochs)
        const delivery = new ReferenceDelivery(this.host, this.#owner, entry)
        this.host.deliveries.add(delivery)
        deliveries.push(delivery)
      }
      return deliveries.length > 0 ? deliveries : undefined
    }
    try {
      return await this.#wait('receive', this.host.receivers, options, taken)
    } catch (error) {
      if (isIpcError(error, 'IPC_TIMEOUT') && timeoutMs !== undefined) return []
      throw error
    }
  }

  consume(options: ConsumeOptions = {}): AsyncIterable<Delivery<unknown>> {
    checkSize('prefetch', options.prefetch ?? 1)
    const { leaseMs, signal } = options
    const receive = (): Promise<Delivery<unknown> | undefined> => this.receive({ leaseMs, signal })
    return {
      async *[Symbol.asyncIterator]() {
        try {
          for (;;) yield (await receive()) as Delivery<unknown>
        } catch (error) {
          if (!isIpcError(error, 'IPC_CLOSED')) throw error
        }
      },
    }
  }

  process(
    handler: (delivery: Delivery<unknown>) => Promise<void> | void,
    { concurrency = 1, maxRunMs = LIFELONG_MS }: ProcessOptions = {},
  ): Consumer {
    if (maxRunMs === 0) throw new RangeError('maxRunMs must be above 0, got 0')
    checkMs('maxRunMs', maxRunMs)
    const stopping = new AbortController()
    const listeners = new Set<(error: unknown, delivery: PeekedMessage<unknown> | undefined) => void>()
    const work = async (): Promise<void> => {
      for await (const delivery of this.consume({ signal: stopping.signal, leaseMs: maxRunMs })) {
        try {
          await handler(delivery)
          if (!(delivery as ReferenceDelivery).isSettled) await delivery.ack()
        } catch (error) {
          await (delivery as ReferenceDelivery).retry().catch(() => {})
          for (const listener of listeners) listener(error, delivery)
        }
      }
    }
    const stopped = Promise.allSettled(Array.from({ length: concurrency }, work)).then(() => {})
    const stop = async (): Promise<void> => {
      stopping.abort()
      await stopped
    }
    return {
      stop,
      stopped,
      onError(listener) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
      [Symbol.asyncDispose]: stop,
    }
  }

  async peek(count = 1): Promise<PeekedMessage<unknown>[]> {
    checkSize('count', count)
    return this.#change((now) =>
      this.host.model
        .ready(now)
        .slice(0, count)
        .map((entry) => seen(entry, 1)),
    )
  }

  async deadLetters(count = 1): Promise<DeadLetter<unknown>[]> {
    return this.#change(() =>
      this.host.model.dead.slice(0, count).map((entry) => ({
        ...seen(entry, 0),
        reason: entry.reason ?? '',
        deadAt: new Date(entry.deadAt),
      })),
    )
  }

  async stats(): Promise<QueueStats> {
    return this.#change((now) => this.host.model.stats(now))
  }

  async purge(what: 'waiting' | 'dead' = 'waiting'): Promise<number> {
    const { model } = this.host
    return this.#change(() => (what === 'dead' ? model.purgeDead() : model.purge()))
  }

  async redrive({
    max = Number.POSITIVE_INFINITY,
  }: {
    readonly max?: number | undefined
  } = {}): Promise<number> {
    return this.#change((now) => this.host.model.redrive(max, now))
  }

  async transaction(build: (transaction: QueueTransaction) => void): Promise<SendReceipt[]> {
    const acks: { readonly delivery: ReferenceDelivery; readonly reason: string | undefined }[] = []
    const sends: { readonly host: ReferenceHost; readonly message: ModelMessage }[] = []
    let isOpen = true
    const check = (): void => {
      if (!isOpen) throw new TypeError('the transaction is over')
    }
    build({
      ack(delivery) {
        check()
        acks.push({ delivery: delivery as ReferenceDelivery, reason: undefined })
      },
      deadLetter(delivery, reason) {
        check()
        acks.push({ delivery: delivery as ReferenceDelivery, reason })
      },
      send(queue, body, options) {
        check()
        sends.push({ host: (queue as unknown as ReferenceQueue).host, message: { ...options, body } })
      },
    })
    isOpen = false
    for (const { host } of sends) host.change(() => {})
    return this.#change((now) => {
      const { model } = this.host
      const isHeld = acks.every(({ delivery: { place, epoch } }) => model.held(this.#owner, place, epoch))
      if (!isHeld) throw new IpcError('IPC_LEASE_LOST', 'the lease is over')
      const fits = sends.every(({ host }) => {
        const count = sends.filter((other) => other.host === host).length
        const freed = host === this.host ? acks.length : 0
        return host.model.living.length + count - freed <= host.model.settings.maxMessages
      })
      if (!fits) throw new IpcError('IPC_QUEUE_FULL', 'no room')
      for (const { delivery, reason } of acks) {
        const { place, epoch } = delivery
        if (reason === undefined) model.ack(this.#owner, place, epoch, now)
        else model.deadLetter(this.#owner, place, epoch, reason, now)
        delivery.settled()
      }
      return sends.map(({ host, message }) => receipt(host.model.send(message, now)!))
    })
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort()
    this.host.change((now) => this.host.model.releaseOwner(this.#owner, false, now))
    for (const delivery of this.host.deliveries)
      if (!delivery.isSettled && delivery.owner === this.#owner) delivery.lose()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #send(messages: readonly OutgoingMessage<unknown>[], options: WaitOptions): Promise<SendReceipt[]> {
    const copies = messages.map(({ body, options: own = {} }) => checkedMessage(body, own))
    const { model } = this.host
    for (const { body } of copies) {
      if (sizeOf(body) > model.settings.maxBytes) throw new IpcError('IPC_MESSAGE_TOO_LARGE', 'never fits')
    }
    const receipts: SendReceipt[] = []
    return this.#wait('send', this.host.senders, options, (now) => {
      const isRefused = model.settings.whenFull === 'reject' && !model.hasRoomFor(copies)
      if (isRefused) throw new IpcError('IPC_QUEUE_FULL', 'no room')
      while (receipts.length < copies.length) {
        const sent = model.send(copies[receipts.length]!, now)
        if (sent === undefined) return undefined
        receipts.push(receipt(sent))
      }
      return receipts
    })
  }

  #change<T>(run: (now: number) => T): T {
    if (this.#closing.signal.aborted) throw new IpcError('IPC_CLOSED', 'the queue is closed')
    return this.host.change(run)
  }

  /** Try after every change until it works. */
  async #wait<T>(
    what: string,
    waiters: Set<Waiter>,
    options: WaitOptions,
    attempt: (now: number) => T | undefined,
  ): Promise<T> {
    const { signal, timeoutMs = Number.POSITIVE_INFINITY } = options
    checkDurationMs('timeoutMs', timeoutMs)
    if (signal?.aborted) throw abortedError(what, signal.reason)
    const isFirst = waiters.size === 0
    const now = this.#change((time) => (isFirst ? attempt(time) : undefined))
    if (now !== undefined) return now
    const waiter: Waiter = (time) => {
      const result = attempt(time)
      if (result !== undefined) wait.resolve(result)
      return result !== undefined
    }
    const wait = startWait<T>(what, { signal, timeoutMs }, () => waiters.delete(waiter))
    const onClose = (): void => {
      waiters.delete(waiter)
      wait.reject(new IpcError('IPC_CLOSED', 'the queue is closed'))
    }
    this.#closing.signal.addEventListener('abort', onClose, { once: true })
    waiters.add(waiter)
    return wait.promise.finally(() => this.#closing.signal.removeEventListener('abort', onClose))
  }
}

function checkedMessage(body: unknown, options: Omit<QueueSendOptions, keyof WaitOptions>): ModelMessage {
  const { priority = 0, delayMs = 0, ttlMs, durability = 'memory' } = options
  if (!Number.isInteger(priority) || priority < -32_768 || priority > 32_767) {
    throw new RangeError(`priority of ${String(priority)}`)
  }
  checkMs('delayMs', delayMs)
  if (ttlMs !== undefined) checkDurationMs('ttlMs', ttlMs)
  if (durability !== 'memory') throw new IpcError('IPC_NOT_SUPPORTED', 'only memory')
  return { ...options, body: structuredClone(body) }
}

function receipt({ id, duplicate }: { readonly id: number; readonly duplicate: boolean }): SendReceipt {
  return { id: String(id), duplicate, durability: 'memory' }
}

function seen(entry: ModelEntry, more: number): PeekedMessage<unknown> {
  const { body, priority = 0, orderingKey, headers = {} } = entry.message
  const sentAt = new Date(performance.timeOrigin + entry.sentAt)
  return {
    body,
    id: String(entry.id),
    attempt: entry.attempts + more,
    sentAt,
    priority,
    orderingKey,
    headers,
  }
}
