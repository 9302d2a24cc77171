import { IpcError, type WaitOptions } from '@ipc/core'
import { abortedError, startTimer } from '@ipc/core/internal'
import type { Lease } from './lease.js'
import type { LeaseKeeper } from './lease-keeper.js'
import { PullSource, type PullSourceInit } from './pull-source.js'

/** Messages that are there come within this time of each other, and of the request. */
const QUIET_MS = 20
/** How late the server may tell that the time is over. */
const GRACE_MS = 1000

/** What a {@link ReceiveCall} is asked for. */
export interface ReceiveTerms extends WaitOptions {
  readonly max: number
  readonly leaseMs: number | undefined
  readonly timeoutMs: number
}

/** One call that waits for messages. */
export class ReceiveCall {
  /** What has come; nothing after the time. */
  readonly result: Promise<Lease[]>
  readonly #keeper: LeaseKeeper
  readonly #terms: ReceiveTerms
  readonly #source: PullSource
  readonly #leases: Lease[] = []
  #stopTimer = (): void => {}
  #stopQuiet = (): void => {}
  #isOver = false
  #resolve!: (leases: Lease[]) => void
  #reject!: (error: unknown) => void

  constructor(init: PullSourceInit, keeper: LeaseKeeper, terms: ReceiveTerms) {
    this.#keeper = keeper
    this.#terms = terms
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    const timeoutMs = Math.max(terms.timeoutMs, QUIET_MS)
    this.#source = new PullSource(
      init,
      {
        onMessage: (message) => {
          const lease = keeper.take(message, terms.leaseMs)
          if (lease === undefined) this.#source.want(1)
          else this.#take(lease)
        },
        onExpired: () => void this.#finish(),
        onGone: (why) => void this.fail(why),
      },
      performance.now() + timeoutMs,
    )
    terms.signal?.addEventListener('abort', this.#onAbort, { once: true })
    this.#startTimer(timeoutMs)
    this.#source.want(terms.max)
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
    const leases = this.#leases.splice(0)
    await Promise.allSettled(leases.map((lease) => this.#keeper.release(lease)))
  }

  /** The server tells when the time is over, if it can. */
  #startTimer(timeoutMs: number): void {
    this.#stopTimer = startTimer(timeoutMs, () => {
      if (!this.#source.isAsking) void this.#finish()
      else this.#stopTimer = startTimer(GRACE_MS, () => void this.#finish())
    })
  }

  #take(lease: Lease): void {
    this.#leases.push(lease)
    if (this.#isOver) return
    this.#stopQuiet()
    if (this.#leases.length === this.#terms.max) void this.#finish()
    else this.#stopQuiet = startTimer(QUIET_MS, () => void this.#finish())
  }

  async #finish(): Promise<void> {
    if (this.#isOver) return
    this.#end()
    if (this.#leases.length < this.#terms.max) await this.#source.cancel()
    this.#resolve(this.#leases)
  }

  #end(): void {
    this.#isOver = true
    this.#stopTimer()
    this.#stopQuiet()
    this.#terms.signal?.removeEventListener('abort', this.#onAbort)
  }

  readonly #onAbort = (): void => void this.fail(abortedError('receive', this.#terms.signal?.reason))
}

/** A new error for each who hears of it: its stack shows the caller. */
function again(error: IpcError): IpcError {
  return new IpcError(error.code, error.message, { cause: error.cause, details: error.details })
}
