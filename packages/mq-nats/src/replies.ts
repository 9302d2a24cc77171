import { createInbox, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node'

/** What comes of a question: its answer, or nothing when the connection broke or nobody answered. */
export type OnReply = (reply: Msg | undefined) => void

/** An inbox of one's own, with the prefix that the connection was given. */
export function newInbox(connection: NatsConnection): string {
  // The interface does not show the options; those with restricted permissions depend on this one.
  const { options } = connection as { readonly options?: { readonly inboxPrefix?: string } }
  return createInbox(options?.inboxPrefix)
}

/** One subscription for the answers to many questions. */
export class Replies {
  readonly #prefix: string
  readonly #subscription: Subscription
  readonly #waiting = new Map<number, OnReply>()
  #last = 0

  constructor(connection: NatsConnection) {
    this.#prefix = `${newInbox(connection)}.`
    this.#subscription = connection.subscribe(`${this.#prefix}*`, {
      callback: (error, message) => {
        if (error === null) this.#settle(Number(message.subject.slice(this.#prefix.length)), message)
      },
    })
  }

  /** Wait for one answer. Returns the number of the question. */
  expect(onReply: OnReply): number {
    this.#last++
    this.#waiting.set(this.#last, onReply)
    return this.#last
  }

  /** Where the answer to a question has to go. */
  subjectOf(question: number): string {
    return this.#prefix + question
  }

  /** Nobody answers any more. */
  lose(question: number): void {
    this.#settle(question, undefined)
  }

  /** Nobody answers any question any more. */
  loseAll(): void {
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const onReply of waiting) onReply(undefined)
  }

  close(): void {
    this.#subscription.unsubscribe()
    this.loseAll()
  }

  #settle(question: number, reply: Msg | undefined): void {
    const onReply = this.#waiting.get(question)
    this.#waiting.delete(question)
    onReply?.(reply)
  }
}
