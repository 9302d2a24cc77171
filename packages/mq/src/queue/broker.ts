import { type Connection, IpcError, type Listener, type MessageQueue, type Unsubscribe } from '@ipc/core'
import { type Authorize, checkName } from './access.js'
import { type Clock, systemClock } from './clock.js'
import { QueueEngine } from './engine.js'
import { memoryStore } from './memory/memory-store.js'
import { type OpenOptions, openQueue } from './open-queue.js'
import { QueueLink } from './queue-link.js'
import type { QueueSettings } from './queue-settings.js'
import type { QueueStore } from './queue-store.js'
import { Session } from './session.js'
import { openTopic, type QueueTopic } from './topic.js'
import { serveClient } from './wire/serve-client.js'

/** Options of {@link createBroker}. */
export interface BrokerOptions {
  /** Queues that are there from the start, by name. Those that the store has stay as they are. */
  readonly queues?: Readonly<Record<string, QueueSettings>> | undefined
  /** Where messages are kept. @default `memoryStore()` */
  readonly store?: QueueStore | undefined
  /**
   * Whether a peer may do something. What it throws is a no. This process itself may do everything.
   *
   * @default everybody may do everything
   */
  readonly authorize?: Authorize | undefined
  /** For tests. @default the system's */
  readonly clock?: Clock | undefined
}

/** Where queues live; see {@link createBroker}. */
export interface Broker extends AsyncDisposable {
  /** Open a queue in this process, made when it is not there. */
  queue<T = unknown>(name: string, options?: OpenOptions<T>): Promise<MessageQueue<T>>
  /** Open a topic in this process, made when it is not there. */
  topic<T = unknown>(name: string, options?: Omit<OpenOptions<T>, 'create'>): Promise<QueueTopic<T>>
  /**
   * Let the peer of a connection use the queues, or all peers of a listener: its connections are accepted then, and belong to
   * the broker. When a peer is gone, what it had leased is delivered to others at once.
   *
   * @returns what ends it: calls of the peers fail with `IPC_CLOSED`, a listener stays open.
   */
  serve(source: Connection<unknown, unknown> | Listener<unknown, unknown, unknown>): Unsubscribe
  /** End all of it: everything pending settles, peers are told. What the store keeps stays there. */
  close(): Promise<void>
}

/**
 * Make a broker: queues in this process, for it and for every peer that reaches it over any transport. Senders and receivers
 * need not be connected, or alive, at the same time; the broker has to be.
 *
 * @throws TypeError | RangeError for a setting that cannot be right.
 *
 * @example
 * ```ts
 * import { createBroker } from '@ipc/mq'
 *
 * const broker = createBroker({ queues: { jobs: { maxAttempts: 5 } } })
 * const jobs = await broker.queue<{ url: string }>('jobs')
 * await jobs.send({ url: 'https://example.org' }, { priority: 1 })
 * const delivery = await jobs.receive()
 * await delivery?.ack()
 * ```
 */
export function createBroker(options: BrokerOptions = {}): Broker {
  return new QueueBroker(options)
}

class QueueBroker implements Broker {
  readonly #engine: QueueEngine
  readonly #authorize: Authorize
  readonly #link: QueueLink
  readonly #stops = new Set<Unsubscribe>()

  constructor({ queues = {}, store = memoryStore(), authorize = () => true, clock }: BrokerOptions) {
    this.#engine = new QueueEngine(store, clock ?? systemClock)
    this.#authorize = authorize
    store.begin()
    for (const [name, settings] of Object.entries(queues)) {
      this.#engine.declareQueue(checkName(name), settings)
    }
    store.commit()
    const end = (error: IpcError): void => this.#link.end(error)
    this.#link = new QueueLink(
      (onEvents) => new Session(this.#engine, { transport: 'local' }, () => true, onEvents, end),
    )
  }

  queue<T>(name: string, options: OpenOptions<T> = {}): Promise<MessageQueue<T>> {
    return openQueue<T>(this.#link, name, { ...options, create: options.create ?? {} })
  }

  topic<T>(name: string, options: Omit<OpenOptions<T>, 'create'> = {}): Promise<QueueTopic<T>> {
    return openTopic<T>(this.#link, name, options)
  }

  serve(source: Connection<unknown, unknown> | Listener<unknown, unknown, unknown>): Unsubscribe {
    if (this.#engine.ended !== undefined) throw this.#engine.ended
    if ('accept' in source) return this.#serveListener(source)
    const unserve = serveClient(this.#engine, source, this.#authorize)
    const stop = (): void => {
      if (this.#stops.delete(stop)) unserve()
    }
    this.#stops.add(stop)
    void source.closed.then(() => this.#stops.delete(stop))
    return stop
  }

  async close(): Promise<void> {
    for (const stop of [...this.#stops]) stop()
    this.#engine.end(new IpcError('IPC_CLOSED', 'the broker is closed'))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #serveListener(listener: Listener<unknown, unknown, unknown>): Unsubscribe {
    const ending = new AbortController()
    const served = new Set<Unsubscribe>()
    const stop = (): void => {
      if (!this.#stops.delete(stop)) return
      ending.abort()
      for (const end of served) end()
    }
    this.#stops.add(stop)
    void this.#acceptAll(listener, ending.signal, served).catch(() => {
      // The listener is closed, or serving it was ended: its owner knows.
    })
    return stop
  }

  async #acceptAll(
    listener: Listener<unknown, unknown, unknown>,
    signal: AbortSignal,
    served: Set<Unsubscribe>,
  ): Promise<void> {
    for (;;) {
      const connection = await listener.accept({ signal })
      const unserve = this.serve(connection)
      const stop = (): void => {
        unserve()
        // It belongs to the broker; its peer has been told why.
        connection.close().catch(() => {})
      }
      served.add(stop)
      void connection.closed.then(() => served.delete(stop))
    }
  }
}
