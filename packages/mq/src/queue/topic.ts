import { type Codec, type Durability, type MessageQueue, msgpack, type QueueSendOptions } from '@ipc/core'
import type { QueueEvent } from './commands.js'
import { type OpenOptions, open, openQueue } from './open-queue.js'
import { outgoing } from './outgoing.js'
import type { QueueLink } from './queue-link.js'
import { checkPattern, checkSubject } from './topic-pattern.js'

/** Options of {@link QueueTopic.subscribe}. */
export interface SubscribeQueueOptions<T> extends OpenOptions<T> {
  /**
   * Which subjects: words with dots between, where `*` is any one word and a `#` at the end any number of them.
   *
   * @default '#': all
   */
  readonly pattern?: string | undefined
}

/**
 * A topic: whatever is published to it is sent to each of its subscriptions whose pattern matches. A subscription is a queue,
 * and keeps what comes whether or not anybody is there to receive it.
 *
 * @example
 * ```ts
 * import { createBroker } from '@ipc/mq'
 *
 * const broker = createBroker()
 * const events = await broker.topic('events')
 * const billing = await events.subscribe('billing', { pattern: 'order.*.paid' })
 * await events.publish('order.eu.paid', { cents: 990 })
 * console.log((await billing.receive())?.body) // { cents: 990 }
 * ```
 */
export interface QueueTopic<T = unknown> {
  readonly name: string
  /**
   * Send a message to every subscription whose pattern matches the subject. Resolves when all have taken it, to their number:
   * a full one makes the publisher wait, refuses for all, or drops its oldest message, as it was set up.
   *
   * @throws IpcError `IPC_QUEUE_FULL`, `IPC_PERMISSION_DENIED`, `IPC_PEER_LOST`, ...; `IPC_TIMEOUT`, `IPC_ABORTED`: those
   * subscriptions with room have it.
   * @throws TypeError | RangeError for a subject or option that cannot be right.
   */
  publish(subject: string, body: T, options?: QueueSendOptions): Promise<number>
  /** Open a queue, made if it is not there, and let it have what is published from now on. Again: one more pattern. */
  subscribe(queue: string, options?: SubscribeQueueOptions<T>): Promise<MessageQueue<T>>
  /** Let a queue have nothing more; what it has stays. Resolves to whether it was subscribed. */
  unsubscribe(queue: string): Promise<boolean>
}

/** A topic in the hands of the application. */
class TopicClient<T> implements QueueTopic<T> {
  readonly name: string
  readonly #link: QueueLink
  readonly #handle: number
  readonly #options: OpenOptions<T>
  readonly #offered: Durability

  constructor(name: string, link: QueueLink, handle: number, options: OpenOptions<T>, offered: Durability) {
    this.name = name
    this.#link = link
    this.#handle = handle
    this.#options = options
    this.#offered = offered
  }

  async publish(subject: string, body: T, options: QueueSendOptions = {}): Promise<number> {
    checkSubject(subject)
    const link = this.#link
    const codec: Codec<T> = this.#options.codec ?? msgpack<T>()
    const message = outgoing(codec, body, options, this.#offered)
    const request = link.newNumber()
    link.admit(message.bytes)
    try {
      return await link.ask(
        { kind: 'publish', request, handle: this.#handle, subject, message },
        options,
        numberIn,
        {
          what: 'publish',
          cancelled: (why) => {
            throw why
          },
          abortsAtOnce: false,
        },
      )
    } finally {
      link.answered(message.bytes)
    }
  }

  async subscribe(queue: string, options: SubscribeQueueOptions<T> = {}): Promise<MessageQueue<T>> {
    const pattern = checkPattern(options.pattern ?? '#')
    const link = this.#link
    const create = options.create ?? {}
    const opened = await openQueue<T>(link, queue, { ...this.#options, ...options, create })
    const request = link.newNumber()
    await link.call({ kind: 'bind', request, handle: this.#handle, queue, pattern, create }, numberIn)
    return opened
  }

  async unsubscribe(queue: string): Promise<boolean> {
    const request = this.#link.newNumber()
    return (await this.#link.call({ kind: 'unbind', request, handle: this.#handle, queue }, numberIn)) === 1
  }
}

/** Open a topic of an engine, made when it is not there. */
export async function openTopic<T>(
  link: QueueLink,
  name: string,
  options: OpenOptions<T>,
): Promise<QueueTopic<T>> {
  const { handle, offered } = await open(link, 'topic', name, { ...options, create: {} })
  return new TopicClient<T>(name, link, handle, options, offered)
}

function numberIn(event: QueueEvent): number {
  return (event as Extract<QueueEvent, { readonly kind: 'done' }>).value
}
