import { startTimer } from '@ipc/core/internal'
import { type Msg, type NatsConnection, nanos, type Subscription } from '@nats-io/transport-node'
import { newInbox } from './replies.js'

/** What the server says instead of a message. */
const NO_RESPONDERS = 503
const CONFLICT = 409
const BAD_REQUEST = 400
/** After its time the server ends a pull; when it does not say so, it does not know of it, or of the consumer. */
const GRACE_MS = 5000

/** Why a pull is over: it has all it wanted, or its time is over; the server refused; nobody knows of it any more. */
export type PullEnd = 'done' | 'expired' | 'refused' | 'gone' | 'lost'

/** What a pull is to bring. */
export interface PullTerms {
  readonly max: number
  readonly expiresMs: number
  onMessage(message: Msg): void
  onEnd(how: PullEnd): void
}

/** A request for messages, with an inbox of its own, so that the server knows when nobody waits for them any more. */
export class Pull {
  readonly #terms: PullTerms
  readonly #subscription: Subscription
  readonly #stopTimer: () => void
  #received = 0
  #isOver = false

  /**
   * @param subject - Where the consumer takes requests.
   * @throws Error when the connection is closed.
   */
  constructor(connection: NatsConnection, subject: string, terms: PullTerms) {
    this.#terms = terms
    const inbox = newInbox(connection)
    this.#subscription = connection.subscribe(inbox, {
      callback: (error, message) => {
        if (error !== null) this.#end('refused')
        else this.#take(message)
      },
    })
    this.#stopTimer = startTimer(terms.expiresMs + GRACE_MS, () => this.#end('gone'))
    const request = JSON.stringify({ batch: terms.max, expires: nanos(terms.expiresMs) })
    connection.publish(subject, request, { reply: inbox })
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** How many may still come. */
  get missing(): number {
    return this.#terms.max - this.#received
  }

  /** Nobody knows of it any more. */
  lose(): void {
    this.#end('lost')
  }

  /**
   * Want no more. What the server has sent already still comes, until this resolves; what it could not deliver any more is as
   * good as never sent.
   */
  async cancel(): Promise<void> {
    if (this.#isOver) return
    // Without a connection nothing more comes, and the server forgets the request by itself.
    await this.#subscription.drain().catch(() => {})
    this.#end('done')
  }

  #take(message: Msg): void {
    const code = message.headers?.code ?? 0
    if (code === 0) {
      this.#received++
      this.#terms.onMessage(message)
      if (this.missing === 0) this.#end('done')
    } else if (code === NO_RESPONDERS || (code === CONFLICT && isGone(message))) this.#end('gone')
    else if (code === CONFLICT || code === BAD_REQUEST) this.#end('refused')
    else if (code >= 400) this.#end('expired')
  }

  #end(how: PullEnd): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#stopTimer()
    this.#subscription.unsubscribe()
    this.#terms.onEnd(how)
  }
}

function isGone({ headers }: Msg): boolean {
  return /consumer deleted|consumer is push/i.test(headers?.description ?? '')
}
