import type { AbortOptions, Connection, Peer, Unsubscribe } from '../connection.js'
import { IpcError, type IpcErrorCode, isIpcError } from '../errors.js'
import { checkSize } from '../internal/limits.js'
import { sendInTurn } from '../internal/send-in-turn.js'
import { abortedError } from '../internal/wait.js'
import { isProtocolMessage, type SubscribeMessage, type TopicMessage } from '../protocol-messages.js'
import type { Listener } from '../transport.js'
import { checkTopic, isTopic, MAX_TOPIC_LENGTH } from './topic-name.js'

const DEFAULT_MAX_SUBSCRIPTIONS = 1024

/** Options of {@link createTopics}. */
export interface TopicsOptions {
  /**
   * Whether a peer may subscribe to a topic. What it throws is a no.
   *
   * @default everybody, to everything
   */
  readonly authorize?: ((topic: string, peer: Peer) => boolean) | undefined
  /**
   * Subscriptions over one connection; further ones are refused with `IPC_QUEUE_FULL`.
   *
   * @default 1024
   */
  readonly maxSubscriptions?: number | undefined
}

/** The publishing side of topics, whose messages are typed by topic; see {@link createTopics}. */
export interface Topics<Messages extends object = Record<string, unknown>> {
  /**
   * Let the peer of a connection subscribe, or all peers of a listener: its connections are accepted then, and belong to the
   * topics.
   *
   * @returns what ends it: subscriptions end with `IPC_CLOSED`, a listener stays open.
   */
  serve(source: Connection<unknown, unknown> | Listener<unknown, unknown, unknown>): Unsubscribe
  /**
   * Send a message to all who subscribe to the topic at this moment. Never blocks.
   *
   * @returns `false` when a subscriber is congested: the message was accepted, but await {@link Topics.drained} before
   * publishing more. A subscriber that has more than the `maxBufferedBytes` of its connection waiting is unsubscribed with
   * `IPC_QUEUE_FULL`, one that does not take so large a message with `IPC_MESSAGE_TOO_LARGE`; others are not disturbed.
   * @throws TypeError | RangeError when the codec does not carry such a message.
   */
  publish<Topic extends keyof Messages & string>(topic: Topic, message: Messages[Topic]): boolean
  /**
   * Resolves when no subscriber is congested: at once when none is.
   *
   * @throws IpcError `IPC_ABORTED`.
   */
  drained(options?: AbortOptions): Promise<void>
  /** How many subscriptions there are to a topic, at this moment. */
  subscribers(topic: keyof Messages & string): number
}

/**
 * Make topics to which the peers of connections {@link subscribe}: publish and subscribe over any transport. A subscriber gets
 * what is published from when its subscription is acknowledged, in order, each once. Nothing is kept for those who come later.
 *
 * @throws RangeError for an option that cannot be right.
 *
 * @example
 * ```ts
 * import type { Listener } from '@ipc/core'
 * import { createTopics } from '@ipc/core/topics'
 *
 * async function tick(listener: Listener): Promise<void> {
 *   const topics = createTopics<{ prices: { id: string; cents: number } }>()
 *   topics.serve(listener)
 *   for (let cents = 100; ; cents++) {
 *     if (!topics.publish('prices', { id: 'abc', cents })) await topics.drained()
 *   }
 * }
 * ```
 */
export function createTopics<Messages extends object = Record<string, unknown>>(
  options: TopicsOptions = {},
): Topics<Messages> {
  return new CoreTopics<Messages>(options)
}

/** Somebody who gets what is published under a topic. */
interface Subscriber {
  readonly connection: Connection<unknown, unknown>
  readonly id: number
  readonly topic: string
  /** All those of the connection, by id. */
  readonly siblings: Map<number, Subscriber>
}

class CoreTopics<Messages extends object> implements Topics<Messages> {
  readonly #authorize: (topic: string, peer: Peer) => boolean
  readonly #maxSubscriptions: number
  readonly #byTopic = new Map<string, Set<Subscriber>>()
  readonly #congested = new Set<Connection<unknown, unknown>>()

  constructor({ authorize = () => true, maxSubscriptions = DEFAULT_MAX_SUBSCRIPTIONS }: TopicsOptions) {
    this.#authorize = authorize
    this.#maxSubscriptions = checkSize('maxSubscriptions', maxSubscriptions)
  }

  serve(source: Connection<unknown, unknown> | Listener<unknown, unknown, unknown>): Unsubscribe {
    if (!('accept' in source)) return this.#serveConnection(source)
    const stop = new AbortController()
    void this.#serveListener(source, stop.signal)
    return () => stop.abort()
  }

  publish<Topic extends keyof Messages & string>(topic: Topic, message: Messages[Topic]): boolean {
    checkTopic(topic)
    let isFlowing = true
    for (const subscriber of this.#byTopic.get(topic) ?? []) {
      if (!this.#send(subscriber, message)) isFlowing = false
    }
    return isFlowing
  }

  async drained(options: AbortOptions = {}): Promise<void> {
    if (options.signal?.aborted) throw abortedError('drained', options.signal.reason)
    for (const connection of this.#congested) {
      try {
        await connection.drained(options)
      } catch (error) {
        // Otherwise it has ended, and nobody waits for it.
        if (options.signal?.aborted) throw error
      }
      this.#congested.delete(connection)
    }
  }

  subscribers(topic: keyof Messages & string): number {
    return this.#byTopic.get(topic)?.size ?? 0
  }

  async #serveListener(listener: Listener<unknown, unknown, unknown>, signal: AbortSignal): Promise<void> {
    try {
      while (true) {
        const connection = await listener.accept({ signal })
        const stop = this.#serveConnection(connection)
        signal.addEventListener('abort', stop)
        void connection.closed.then(() => signal.removeEventListener('abort', stop))
      }
    } catch {
      // The listener is closed, or serving it was ended: its owner knows.
    }
  }

  #serveConnection(connection: Connection<unknown, unknown>): Unsubscribe {
    const subscribers = new Map<number, Subscriber>()
    const stop = connection.intercept((message, incoming) => {
      if (!isProtocolMessage(message, 'subscribe', 'unsubscribe')) return false
      const answered =
        message.ipc === 'subscribe'
          ? this.#subscribe(connection, message, subscribers)
          : this.#unsubscribe(connection, message.id, subscribers)
      // A peer that asks and does not read the answers is not read from.
      void answered.then(incoming.hold())
      return true
    })
    const end = (): void => {
      for (const subscriber of subscribers.values()) this.#remove(subscriber)
      this.#congested.delete(connection)
    }
    void connection.closed.then(end)
    return () => {
      stop()
      for (const { id } of subscribers.values()) {
        void refuse(connection, id, 'IPC_CLOSED', 'the publisher has ended its topics')
      }
      end()
    }
  }

  async #subscribe(
    connection: Connection<unknown, unknown>,
    { id, topic }: SubscribeMessage,
    siblings: Map<number, Subscriber>,
  ): Promise<void> {
    // What a peer sends may be anything.
    if (!isTopic(topic) || siblings.has(id)) {
      const what = siblings.has(id)
        ? `subscription ${id} exists`
        : `a topic has 1 to ${MAX_TOPIC_LENGTH} characters`
      return refuse(connection, id, 'IPC_PROTOCOL', what)
    }
    if (!this.#isAllowed(topic, connection.peer)) {
      return refuse(connection, id, 'IPC_PERMISSION_DENIED', `subscribing to ${topic} is not allowed`)
    }
    if (siblings.size >= this.#maxSubscriptions) {
      const what = `a connection has at most ${this.#maxSubscriptions} subscriptions`
      return refuse(connection, id, 'IPC_QUEUE_FULL', what)
    }
    const subscriber: Subscriber = { connection, id, topic, siblings }
    siblings.set(id, subscriber)
    await tell(connection, { ipc: 'subscribed', id })
    // Only now: whatever is published comes behind it. Or it is over already.
    if (siblings.get(id) === subscriber) this.#add(subscriber)
  }

  #unsubscribe(
    connection: Connection<unknown, unknown>,
    id: number,
    siblings: ReadonlyMap<number, Subscriber>,
  ): Promise<void> {
    const subscriber = siblings.get(id)
    if (subscriber !== undefined) this.#remove(subscriber)
    return tell(connection, { ipc: 'unsubscribed', id })
  }

  #isAllowed(topic: string, peer: Peer): boolean {
    try {
      return this.#authorize(topic, peer) === true
    } catch {
      return false
    }
  }

  #add(subscriber: Subscriber): void {
    const { topic } = subscriber
    const subscribers = this.#byTopic.get(topic)
    if (subscribers === undefined) this.#byTopic.set(topic, new Set([subscriber]))
    else subscribers.add(subscriber)
  }

  #remove(subscriber: Subscriber): void {
    const { id, topic, siblings } = subscriber
    siblings.delete(id)
    const subscribers = this.#byTopic.get(topic)
    if (subscribers?.delete(subscriber) === true && subscribers.size === 0) this.#byTopic.delete(topic)
  }

  /** Returns whether the subscriber's connection flows. */
  #send(subscriber: Subscriber, message: unknown): boolean {
    const { connection, id } = subscriber
    try {
      const isFlowing = connection.send(
        message === undefined ? { ipc: 'published', id } : { ipc: 'published', id, body: message },
      )
      if (!isFlowing) this.#congested.add(connection)
      return isFlowing
    } catch (error) {
      if (!isIpcError(error)) throw error
      this.#remove(subscriber)
      // Otherwise the connection ends, and the subscriber knows.
      if (connection.status === 'open') void refuse(connection, id, error.code, error.message)
      return true
    }
  }
}

/** Say that nothing comes for the subscription, or nothing more. */
function refuse(
  connection: Connection<unknown, unknown>,
  id: number,
  code: IpcErrorCode,
  message: string,
): Promise<void> {
  return tell(connection, { ipc: 'unsubscribed', id, error: new IpcError(code, message).toJSON() })
}

/** Send when the connection flows. If it ends before, so does everything on it. */
async function tell(connection: Connection<unknown, unknown>, message: TopicMessage): Promise<void> {
  await sendInTurn(connection, () => message).catch(() => {})
}
