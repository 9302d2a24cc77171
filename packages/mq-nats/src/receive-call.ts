import { IpcError, type WaitOptions } from '@ipc/core'
import { abortedError, startTimer } from '@ipc/core/internal'
import type { Lease } from './lease.js'
import type { LeaseKeeper } from './lease-keeper.js'
import { PullSource, type PullSourceInit } from './pull-source.js'

/** What is there comes within this time of a request. */
const QUIET_MS = 20
/** How late the server may tell that the time is over. */
const GRACE_MS = 1000

/** What a {@link ReceiveCall} is asked for. */
export interface ReceiveTerms extends WaitOptions {
  readonly max: number
  readonly leaseMs: number | undefined
  readonly timeoutMs: number
}

/**
 * One call that waits for messages: for the first one as long as it may, and then for what else is there. Both requests end by
 * themselves; one that is given up is a danger to messages (see {@link PullSource.cancel}).
 */
export class ReceiveCall {
  /** What has come; nothing after the time. */
  readonly result: Promise<Lease[]>
  readonly #init: PullSourceInit
  readonly #keeper: LeaseKeeper
  readonly #terms: ReceiveTerms
  readonly #leases: Lease[] = []
  #source: PullSource
  #stopTimer = (): void => {}
  #isOver = false
  #resolve!: (leases: Lease[]) => void
  #reject!: (error: unknown) => void

  constructor(init: PullSourceInit, keeper: LeaseKeeper, terms: ReceiveTerms) {
    this.#init = init
    this.#keeper = keeper
    this.#terms = terms
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    terms.signal?.addEventListener('abort', this.#onAbort, { once: true })
    this.#source = this.#ask(1, Math.max(terms.timeoutMs, QUIET_MS))
  }

  disconnected(): void {
    this.#source.disconnected()
  }

  reconnected(): void {
    this.#source.reconnected()
  }

  /** Resolves when what came too late has gone back. */
  async fail(why: IpcError): Promise<void> {
    if (this.#isOver) return
    this.#end()
    this.#reject(again(why))
    // First of all, or what goes back comes here again.
    await this.#source.cancel()
    await Promise.allSettled(this.#leases.map((lease) => this.#keeper.release(lease)))
  }

  #ask(count: number, withinMs: number): PullSource {
    const source: PullSource = new PullSource(
      this.#init,
      {
        onMessage: (message) => {
          const lease = this.#keeper.take(message, this.#terms.leaseMs)
          if (lease === undefined) source.want(1)
          else this.#take(lease)
        },
        onExpired: () => void this.#finish(),
        onGone: (why) => void this.fail(why),
      },
      performance.now() + withinMs,
    )
    this.#stopTimer()
    // The server tells when the time is over, if it can.
    this.#stopTimer = startTimer(withinMs, () => {
      if (!source.isAsking) void this.#finish()
      else this.#stopTimer = startTimer(GRACE_MS, () => void this.#finish())
    })
    source.want(count)
    return source
  }

  #take(lease: Lease): void {
    this.#leases.push(lease)
    if (this.#isOver) return
    const missing = this.#terms.max - this.#leases.length
    if (missing === 0) void this.#finish()
    else if (this.#leases.length === 1) this.#source = this.#ask(missing, QUIET_MS)
  }

  async #finish(): Promise<void> {
    if (this.#isOver) return
    this.#end()
    await this.#source.cancel()
    this.#resolve(this.#leases)
  }

  #end(): void {
    this.#isOver = true
    this.#stopTimer()
    this.#terms.signal?.removeEventListener('abort', this.#onAbort)
  }

  readonly #onAbort = (): void => void this.fail(abortedError('receive', this.#terms.signal?.reason))
}

/** A new error for each who hears of it: its stack shows the caller. */
function again(error: IpcError): IpcError {
  return new IpcError(error.code, error.message, { cause: error.cause, details: error.details })
}
