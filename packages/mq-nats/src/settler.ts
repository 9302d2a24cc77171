import { startTimer } from '@ipc/core/internal'
import type { Msg, NatsConnection } from '@nats-io/transport-node'
import type { ConnectionWatch } from './connection-watch.js'
import type { Replies } from './replies.js'

const NO_RESPONDERS = 503
/** After so long without an answer, or without a connection when nothing more is lost by waiting, it is tried again. */
const SILENCE_MS = 5000

const ascii = new TextEncoder()
/** What can be said about a message. */
export const ACK: Uint8Array = ascii.encode('+ACK')
export const TERM: Uint8Array = ascii.encode('+TERM')
export const IN_PROGRESS: Uint8Array = ascii.encode('+WPI')
const NAK: Uint8Array = ascii.encode('-NAK')

/** Give back, at once or later. */
export function nak(delayMs: number): Uint8Array {
  return delayMs === 0 ? NAK : ascii.encode(`-NAK {"delay":${Math.round(delayMs * 1e6)}}`)
}

/** Says things about messages, and hears that they are done. What it says twice is done once. */
export class Settler {
  readonly #connection: NatsConnection
  readonly #watch: ConnectionWatch
  readonly #replies: Replies
  readonly #open = new Set<Promise<unknown>>()
  readonly #hurried: Promise<boolean>
  #isHurried = false
  #hurry!: (isConnected: boolean) => void

  constructor(connection: NatsConnection, watch: ConnectionWatch, replies: Replies) {
    this.#connection = connection
    this.#watch = watch
    this.#replies = replies
    this.#hurried = new Promise((resolve) => {
      this.#hurry = resolve
    })
  }

  /** Wait for no connection any more: nobody is there to hear of it. */
  hurry(): void {
    this.#isHurried = true
    this.#hurry(false)
  }

  /** Say it without hearing of it. */
  say(reply: string, what: Uint8Array): void {
    try {
      this.#connection.publish(reply, what)
    } catch {
      // Without a connection the message comes back when its lease is over.
    }
  }

  /**
   * Say it until the server confirms it; false when it does not.
   *
   * @param leftMs - How long it makes sense to try; once at least, when there is a connection.
   */
  confirm(reply: string, what: Uint8Array, leftMs: () => number): Promise<boolean> {
    return this.track(this.#confirm(reply, what, leftMs))
  }

  /** Resolves when everything that was said has been confirmed, or given up. */
  async settled(): Promise<void> {
    while (this.#open.size > 0) await Promise.allSettled(this.#open)
  }

  /** Let {@link Settler.settled} wait for this too. */
  track<R>(work: Promise<R>): Promise<R> {
    this.#open.add(work)
    const done = (): void => {
      this.#open.delete(work)
    }
    work.then(done, done)
    return work
  }

  async #confirm(reply: string, what: Uint8Array, leftMs: () => number): Promise<boolean> {
    for (;;) {
      if (!this.#watch.isConnected) {
        await Promise.race([this.#watch.connectedWithin(Math.min(leftMs(), SILENCE_MS)), this.#hurried])
      }
      if (this.#watch.isConnected) {
        const answer = await this.#ask(reply, what)
        if (answer !== undefined) return answer.headers?.code !== NO_RESPONDERS
      }
      if (leftMs() <= 0 || this.#isHurried || this.#watch.ended !== undefined) return false
    }
  }

  #ask(reply: string, what: Uint8Array): Promise<Msg | undefined> {
    return new Promise((resolve) => {
      const question = this.#replies.expect((answer) => {
        stopTimer()
        resolve(answer)
      })
      const stopTimer = startTimer(SILENCE_MS, () => this.#replies.lose(question))
      try {
        this.#connection.publish(reply, what, { reply: this.#replies.subjectOf(question) })
      } catch {
        this.#replies.lose(question)
      }
    })
  }
}
