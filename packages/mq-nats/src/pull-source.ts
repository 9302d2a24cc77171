import type { IpcError } from '@ipc/core'
import { startTimer } from '@ipc/core/internal'
import type { Msg, NatsConnection } from '@nats-io/transport-node'
import type { ConnectionWatch } from './connection-watch.js'
import { failure, isGone } from './failure.js'
import { Pull, type PullEnd } from './pull.js'
import type { StreamConsumer } from './stream-consumer.js'

/** The server forgets a request for messages after that; it is asked anew then. */
const LONGEST_PULL_MS = 30_000
const REFUSED_PAUSE_MS = 250
/** Without a message for so long, none is on its way. */
const QUIET_MS = 20

/** What {@link PullSource} needs. */
export interface PullSourceInit {
  readonly connection: NatsConnection
  readonly watch: ConnectionWatch
  readonly consumer: StreamConsumer
}

/** Whoever gets the messages. */
export interface PullTarget {
  onMessage(message: Msg): void
  /** The time is over, and the server knows it. */
  onExpired?(): void
  /** The stream is not there any more. */
  onGone(why: IpcError): void
}

/**
 * Asks for messages again and again, until as many have come as are wanted: when a request has run out, when the server was
 * gone, when it refused.
 */
export class PullSource {
  readonly #init: PullSourceInit
  readonly #target: PullTarget
  readonly #deadline: number
  readonly #pulls = new Set<Pull>()
  #wanted = 0
  #lastAt = 0
  #stopPause: (() => void) | undefined
  #isOver = false

  /** @param deadline - Time of the process after which nothing is asked for. */
  constructor(init: PullSourceInit, target: PullTarget, deadline: number = Number.POSITIVE_INFINITY) {
    this.#init = init
    this.#target = target
    this.#deadline = deadline
  }

  /** Whether the server has been asked. */
  get isAsking(): boolean {
    return this.#pulls.size > 0
  }

  /** So many more. */
  want(count: number): void {
    this.#wanted += count
    this.#ask()
  }

  disconnected(): void {
    for (const pull of [...this.#pulls]) pull.lose()
  }

  reconnected(): void {
    this.#ask()
  }

  /**
   * Want no more; what the server has sent by now still comes before this resolves.
   *
   * A request cannot be taken back, only its inbox be closed. What the server (2.9) finds to be undeliverable then, it puts back,
   * and with a closed request still in its list it may mistake that for something else: one message is forgotten until its
   * lease ends, another one delivered twice. So nothing is closed while messages come, and the list is swept at once.
   */
  async cancel(): Promise<void> {
    this.#isOver = true
    this.#stopPause?.()
    if (this.#pulls.size === 0) return
    while (this.#init.watch.isConnected && this.#pulls.size > 0 && this.#sinceLast() < QUIET_MS) {
      await new Promise<void>((resolve) => startTimer(QUIET_MS, resolve))
    }
    const pulls = [...this.#pulls]
    if (this.#init.watch.isConnected) {
      await Promise.all(pulls.map((pull) => pull.cancel()))
      // The server forgets those whose inbox is closed.
      if (pulls.length > 0) await this.#init.consumer.look().catch(() => {})
    } else for (const pull of pulls) pull.lose()
  }

  /** Milliseconds since anything came, or was asked for. */
  #sinceLast(): number {
    return performance.now() - this.#lastAt
  }

  #ask(): void {
    const { connection, watch, consumer } = this.#init
    const max = this.#wanted
    if (this.#isOver || max === 0 || this.#stopPause !== undefined || !watch.isConnected) return
    this.#wanted = 0
    this.#lastAt = performance.now()
    try {
      const pull: Pull = new Pull(connection, consumer.nextSubject, {
        max,
        expiresMs: Math.min(LONGEST_PULL_MS, Math.max(1, Math.ceil(this.#deadline - performance.now()))),
        onMessage: (message) => {
          this.#lastAt = performance.now()
          this.#target.onMessage(message)
        },
        onEnd: (how) => this.#ended(pull, how),
      })
      this.#pulls.add(pull)
    } catch {
      // The connection is closing: its end is told to everybody.
      this.#wanted = max
    }
  }

  #ended(pull: Pull, how: PullEnd): void {
    this.#pulls.delete(pull)
    this.#wanted += pull.missing
    if (this.#isOver) return
    if (how === 'gone') void this.#checkThere()
    if (how === 'gone' || how === 'refused') {
      this.#stopPause ??= startTimer(REFUSED_PAUSE_MS, () => {
        this.#stopPause = undefined
        this.#ask()
      })
    } else if (performance.now() >= this.#deadline && how === 'expired') this.#target.onExpired?.()
    else this.#ask()
  }

  /** Nobody answers for the consumer: it was deleted, or its server started anew, or its cluster elects a leader. */
  async #checkThere(): Promise<void> {
    try {
      await this.#init.consumer.look()
    } catch (error) {
      if (isGone(error) && !this.#isOver) this.#target.onGone(failure('receive', error) as IpcError)
    }
  }
}
