import { IpcError, type WaitOptions } from '@ipc/core'
import { abortedError, startTimer } from '@ipc/core/internal'
import type { Lease } from './lease.js'
import type { LeaseKeeper } from './lease-keeper.js'
import { PullSource, type PullSourceInit } from './pull-source.js'

/** Messages that are there come within this time of each other, and of the request. */
const QUIET_MS = 20

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
  readonly #stopTimer: () => void
  #stopQuiet = (): void => {}
  #isOver = false
  #hasFailed = false
  #resolve!: (leases: Lease[]) => void
  #reject!: (error: unknown) => void

  constructor(init: PullSourceInit, keeper: LeaseKeeper, terms: ReceiveTerms) {
    this.#keeper = keeper
    this.#terms = terms
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#source = new PullSource(
      init,
      (message) => {
        const lease = keeper.take(message, terms.leaseMs)
        if (lease === undefined) this.#source.want(1)
        else this.#take(lease)
      },
      (why) => void this.fail(why),
    )
    terms.signal?.addEventListener('abort', this.#onAbort, { once: true })
    this.#stopTimer = startTimer(Math.max(terms.timeoutMs, QUIET_MS), () => void this.#finish())
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
    this.#hasFailed = true
    this.#reject(again(why))
    const leases = this.#leases.splice(0)
    for (const lease of leases) this.#keeper.quietly(this.#keeper.release(lease))
    await this.#source.cancel()
  }

  #take(lease: Lease): void {
    if (this.#hasFailed || this.#leases.length === this.#terms.max) {
      this.#keeper.quietly(this.#keeper.release(lease))
      return
    }
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
