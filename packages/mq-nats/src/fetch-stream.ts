import type { IpcError } from '@ipc/core'
import { abortedError, Fifo } from '@ipc/core/internal'
import type { MessageStream } from '@ipc/mq/internal'
import type { Lease } from './lease.js'
import type { LeaseKeeper } from './lease-keeper.js'
import { PullSource, type PullSourceInit } from './pull-source.js'

/** What is asked for by a {@link FetchStream}. */
export interface StreamTerms {
  readonly prefetch: number
  readonly leaseMs: number | undefined
  readonly signal: AbortSignal | undefined
}

/** Messages as they come, some fetched ahead. What has been taken is made up for when half of the prefetch is used. */
export class FetchStream implements MessageStream<Lease> {
  readonly #keeper: LeaseKeeper
  readonly #terms: StreamTerms
  readonly #onChange: () => void
  readonly #source: PullSource
  readonly #fetched = new Fifo<Lease>()
  #taken = 0
  #ending: IpcError | undefined
  #ended: IpcError | undefined

  /** @param onChange - Called when there is something to take, or the end. */
  constructor(init: PullSourceInit, keeper: LeaseKeeper, terms: StreamTerms, onChange: () => void) {
    this.#keeper = keeper
    this.#terms = terms
    this.#onChange = onChange
    this.#source = new PullSource(init, {
      onMessage: (message) => {
        const lease = keeper.take(message, terms.leaseMs)
        if (lease === undefined) this.#slotFreed()
        else {
          this.#fetched.push(lease)
          if (this.#ending === undefined) onChange()
        }
      },
      onGone: (why) => this.end(why),
    })
    if (terms.signal?.aborted) {
      this.#ending = abortedError('consume', terms.signal.reason)
      this.#ended = this.#ending
      return
    }
    terms.signal?.addEventListener('abort', this.#onAbort, { once: true })
    this.#source.want(terms.prefetch)
  }

  /** Not before what was fetched and not taken has gone back. */
  get ended(): IpcError | undefined {
    return this.#ended
  }

  get hasMore(): boolean {
    return this.#fetched.length > 0
  }

  take(): Lease | undefined {
    if (this.#ending !== undefined) return undefined
    for (let lease = this.#fetched.shift(); lease !== undefined; lease = this.#fetched.shift()) {
      this.#slotFreed()
      // Its time may be over by now.
      if (lease.over === undefined) return lease
    }
    return undefined
  }

  end(why: IpcError): void {
    void this.finish(why)
  }

  /** As `end`; resolves when everything has gone back. */
  async finish(why: IpcError): Promise<void> {
    if (this.#ending !== undefined) return
    this.#ending = why
    this.#terms.signal?.removeEventListener('abort', this.#onAbort)
    // First of all, or what goes back comes here again.
    await this.#source.cancel()
    const releases: Promise<void>[] = []
    for (let lease = this.#fetched.shift(); lease !== undefined; lease = this.#fetched.shift()) {
      if (lease.over === undefined) releases.push(this.#keeper.release(lease))
    }
    await Promise.allSettled(releases)
    this.#ended ??= why
    this.#onChange()
  }

  /** The connection is gone. */
  lost(why: IpcError): void {
    this.#ending ??= why
    this.#terms.signal?.removeEventListener('abort', this.#onAbort)
    this.#fetched.clear()
    void this.#source.cancel()
    this.#ended ??= why
    this.#onChange()
  }

  disconnected(): void {
    this.#source.disconnected()
  }

  reconnected(): void {
    this.#source.reconnected()
  }

  readonly #onAbort = (): void => this.end(abortedError('consume', this.#terms.signal?.reason))

  #slotFreed(): void {
    this.#taken++
    if (this.#taken * 2 < this.#terms.prefetch) return
    const count = this.#taken
    this.#taken = 0
    this.#source.want(count)
  }
}
