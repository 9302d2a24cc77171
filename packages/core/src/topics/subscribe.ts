import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Connection, Incoming, Unsubscribe, WaitOptions } from '../connection.js'
import { IpcError, isIpcError } from '../errors.js'
import { errorFrom } from '../internal/error-from.js'
import { Inbox } from '../internal/inbox.js'
import { resolveLimits } from '../internal/limits.js'
import { sendInTurn } from '../internal/send-in-turn.js'
import { abortedError, startWait, type Wait } from '../internal/wait.js'
import {
  isProtocolMessage,
  type PublishedMessage,
  type SubscribedMessage,
  type UnsubscribedMessage,
} from '../protocol-messages.js'
import { checkTopic } from './topic-name.js'

/** Options of {@link subscribe}. */
export interface SubscribeOptions<Message = unknown> extends WaitOptions {
  /** Checks (and may transform) each message, as that of a connection does. */
  readonly schema?: StandardSchemaV1<unknown, Message> | undefined
  /**
   * Unread messages above it stop the whole connection, in bytes; each message counts as its size plus 64.
   *
   * @default 1 MiB
   */
  readonly highWaterMarkBytes?: number | undefined
}

/** What is published under a topic from now on; see {@link subscribe}. */
export interface Subscription<Message = unknown> extends AsyncIterable<Message>, AsyncDisposable {
  readonly topic: string
  /**
   * The next message, in order; waits for it.
   *
   * @throws IpcError after the last message: `IPC_CLOSED`, or why the subscription ended; `IPC_TIMEOUT`;
   * `IPC_ABORTED`; `IPC_DECODE_FAILED` in place of a message that does not match the schema.
   * @throws TypeError while a listener is attached.
   */
  receive(options?: WaitOptions): Promise<Message>
  /** The next message if one is there, else `undefined`. Never waits. */
  tryReceive(): Message | undefined
  /** Push delivery: `listener` is called for every message, in order, also for those unread so far. */
  onMessage(listener: (message: Message) => void): Unsubscribe
  /**
   * Want no more: resolves when the publisher has heard it, and drops what is unread.
   *
   * @throws IpcError when the connection ended first.
   */
  close(): Promise<void>
  /** Resolves (never rejects) when nothing more comes: with why, or `undefined` after {@link Subscription.close}. */
  readonly closed: Promise<IpcError | undefined>
}

/** The subscriptions over one connection. */
interface Subscribed {
  nextId: number
  readonly byId: Map<number, TopicSubscription<unknown>>
}

const subscribedOf = new WeakMap<object, Subscribed>()

/**
 * Subscribe to a topic of the peer, which has made it by `createTopics`. Resolves when the peer has acknowledged: whatever
 * it publishes from then on comes, in order, each once, or the subscription ends with an error that says why.
 *
 * Who reads slowly slows the connection down, and with it everything else on it.
 *
 * @param topic - 1 to 255 characters.
 * @throws IpcError `IPC_PERMISSION_DENIED` when the publisher does not allow it; `IPC_QUEUE_FULL` above its
 * number of subscriptions; `IPC_TIMEOUT`, `IPC_ABORTED`; `IPC_PEER_LOST`, `IPC_CLOSED`, ... when the connection ended.
 *
 * @example
 * ```ts
 * import type { Connection } from '@ipc/core'
 * import { subscribe } from '@ipc/core/topics'
 *
 * async function watch(connection: Connection): Promise<void> {
 *   for await (const price of await subscribe<number>(connection, 'prices')) console.log(price)
 * }
 * ```
 */
export async function subscribe<Message = unknown>(
  connection: Connection<unknown, unknown>,
  topic: string,
  options: SubscribeOptions<Message> = {},
): Promise<Subscription<Message>> {
  checkTopic(topic)
  if (options.signal?.aborted) throw abortedError('subscribe', options.signal.reason)
  const subscribed = attach(connection)
  const id = subscribed.nextId++
  const subscription = new TopicSubscription<Message>(connection, id, topic, options)
  const forget = (): void => {
    subscribed.byId.delete(id)
  }
  void subscription.closed.then(forget)
  subscribed.byId.set(id, subscription as TopicSubscription<unknown>)
  await subscription.open(options)
  return subscription
}

function attach(connection: Connection<unknown, unknown>): Subscribed {
  const known = subscribedOf.get(connection)
  if (known !== undefined) return known
  const subscribed: Subscribed = { nextId: 1, byId: new Map() }
  subscribedOf.set(connection, subscribed)
  connection.intercept((message, incoming) => {
    if (!isProtocolMessage(message, 'published', 'subscribed', 'unsubscribed')) return false
    // Unknown: what was under way when its subscriber gave up.
    subscribed.byId.get(message.id)?.take(message, incoming)
    return true
  })
  void connection.closed.then(({ by, error }) => {
    const abortedHere = by === 'local' && error !== undefined
    for (const subscription of subscribed.byId.values()) subscription.connectionEnded(error, abortedHere)
  })
  return subscribed
}

class TopicSubscription<Message> implements Subscription<Message> {
  readonly topic: string
  readonly closed: Promise<IpcError | undefined>
  readonly #connection: Connection<unknown, unknown>
  readonly #id: number
  readonly #inbox: Inbox<Message>
  #resolveClosed!: (error: IpcError | undefined) => void
  #opening: Wait<void> | undefined
  #isClosing = false
  #hasEnded = false
  /** Set while the connection is read no more because of what is unread here. */
  #letGo: Unsubscribe | undefined
  #incoming: Incoming | undefined

  constructor(
    connection: Connection<unknown, unknown>,
    id: number,
    topic: string,
    { schema, highWaterMarkBytes }: SubscribeOptions<Message>,
  ) {
    this.#connection = connection
    this.#id = id
    this.topic = topic
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve
    })
    this.#inbox = new Inbox<Message>({ schema }, resolveLimits({ highWaterMarkBytes }), {
      full: () => {
        this.#letGo = this.#incoming?.hold()
      },
      room: () => this.#goOn(),
    })
  }

  /** Ask, and wait for the answer. Who gives up waiting is unsubscribed. */
  async open(options: WaitOptions): Promise<void> {
    let sent = false
    const opening = startWait<void>('subscribe', options, () => {
      // It rejects with why it ended.
      this.#opening = undefined
      if (sent) this.#unsubscribe()
      this.#end(undefined)
    })
    this.#opening = opening
    sendInTurn(this.#connection, () => {
      sent = !this.#hasEnded
      return sent ? { ipc: 'subscribe', id: this.#id, topic: this.topic } : undefined
    }).catch((error: unknown) => this.#end(error as IpcError))
    await opening.promise
  }

  take(message: SubscribedMessage | PublishedMessage | UnsubscribedMessage, incoming: Incoming): void {
    if (this.#hasEnded) return
    if (message.ipc === 'subscribed') this.#opening?.resolve()
    else if (message.ipc === 'unsubscribed')
      this.#end(message.error === undefined ? undefined : errorFrom(message.error, 'the publisher'))
    else if (!this.#isClosing) {
      this.#incoming = incoming
      // Nothing holds a connection that is closing; then there is another limit.
      if (this.#connection.status !== 'open') this.#inbox.startClosing()
      this.#inbox.put(message.body, incoming.bytes)
    }
  }

  connectionEnded(error: IpcError | undefined, abortedHere: boolean): void {
    if (abortedHere) this.#inbox.discard()
    const how = error?.message ?? 'closed'
    this.#end(
      new IpcError(error?.code ?? 'IPC_CLOSED', `the connection ended: ${how}`, {
        cause: error,
        details: error?.details,
      }),
    )
  }

  receive(options?: WaitOptions): Promise<Message> {
    return this.#inbox.receive(options)
  }

  tryReceive(): Message | undefined {
    return this.#inbox.tryReceive()
  }

  onMessage(listener: (message: Message) => void): Unsubscribe {
    return this.#inbox.onMessage(listener)
  }

  async close(): Promise<void> {
    if (!this.#hasEnded && !this.#isClosing) {
      this.#isClosing = true
      this.#inbox.discard()
      this.#goOn()
      this.#unsubscribe()
    }
    const error = await this.closed
    if (error !== undefined && this.#isClosing) throw error
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close().catch(() => {})
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Message> {
    try {
      while (true) yield await this.receive()
    } catch (error) {
      if (!isIpcError(error, 'IPC_CLOSED')) throw error
    }
  }

  #unsubscribe(): void {
    sendInTurn(this.#connection, () => ({ ipc: 'unsubscribe', id: this.#id })).catch(() => {
      // The connection has ended, and this with it.
    })
  }

  #goOn(): void {
    const letGo = this.#letGo
    this.#letGo = undefined
    letGo?.()
  }

  #end(error: IpcError | undefined): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    const reason = error ?? new IpcError('IPC_CLOSED', `the subscription to ${this.topic} is closed`)
    this.#opening?.reject(reason)
    this.#inbox.end(reason)
    // What is unread stays, but nothing more is added to it.
    this.#goOn()
    this.#resolveClosed(error)
  }
}
