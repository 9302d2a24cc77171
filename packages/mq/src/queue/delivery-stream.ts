import type { IpcError } from '@ipc/core'
import { abortedError, Fifo } from '@ipc/core/internal'
import type { QueueEvent, SentOut } from './commands.js'
import { type QueueLink, succeeded } from './queue-link.js'
import type { LeaseToken } from './state-machine.js'

/** What is asked of the engine by {@link DeliveryStream}. */
export interface StreamTerms {
  readonly handle: number
  readonly prefetch: number
  /** 0: the queue's. `Infinity`: as long as this client is there. */
  readonly leaseMs: number
  readonly signal: AbortSignal | undefined
}

/**
 * Messages as they come, some fetched ahead. What has been taken is made up for when half of the prefetch is used. What has
 * come and is not taken goes back when the stream ends.
 */
export class DeliveryStream {
  readonly #link: QueueLink
  readonly #terms: StreamTerms
  readonly #onChange: () => void
  readonly #request: number
  readonly #fetched = new Fifo<SentOut>()
  #taken = 0
  /** Leases of fetched messages that are over. */
  readonly #late = new Set<string>()
  /** Whether the engine waits for a sign that somebody takes messages here: one has been kept for too long. */
  #isDoubted = false
  #ended: IpcError | undefined

  /** @param onChange - Called when there is something to take, or the end. */
  constructor(link: QueueLink, terms: StreamTerms, onChange: () => void) {
    this.#link = link
    this.#terms = terms
    this.#onChange = onChange
    this.#request = link.newNumber()
    const { handle, prefetch, leaseMs, signal } = terms
    if (link.ended !== undefined) this.#ended = link.ended
    else if (signal?.aborted) this.#ended = abortedError('consume', signal.reason)
    else {
      link.hear(this.#request, this.#hear)
      link.post({ kind: 'consume', request: this.#request, handle, prefetch, leaseMs })
      signal?.addEventListener('abort', this.#onAbort, { once: true })
    }
  }

  /** Why nothing more comes; `undefined` while it may. */
  get ended(): IpcError | undefined {
    return this.#ended
  }

  /** Whether there is something to take. */
  get hasMore(): boolean {
    return this.#fetched.length > 0
  }

  /** The next message, if it is there. */
  take(): SentOut | undefined {
    let message = this.#fetched.shift()
    let taken = message === undefined ? 0 : 1
    while (message !== undefined && this.#late.size > 0 && this.#late.delete(keyOf(message))) {
      message = this.#fetched.shift()
      if (message !== undefined) taken++
    }
    this.#taken += taken
    if (this.#ended !== undefined) return message
    if (this.#isDoubted || (taken > 0 && this.#taken * 2 >= this.#terms.prefetch)) {
      this.#link.post({ kind: 'credit', request: this.#request, count: this.#taken })
      this.#isDoubted = false
      this.#taken = 0
    }
    return message
  }

  /** The time of a lease is over: of one that is fetched, or that was taken. */
  leaseLost(token: LeaseToken, wasTaken: boolean): void {
    if (this.#ended !== undefined) return
    if (!wasTaken && this.#fetched.length > 0) this.#late.add(keyOf(token))
    this.#isDoubted = true
    this.#onChange()
  }

  /** Take no more. */
  end(why: IpcError): void {
    if (this.#ended !== undefined) return
    this.#ended = why
    this.#late.clear()
    this.#terms.signal?.removeEventListener('abort', this.#onAbort)
    if (this.#link.ended === undefined) this.#link.post({ kind: 'cancel', request: this.#request })
    for (let message = this.#fetched.shift(); message !== undefined; message = this.#fetched.shift()) {
      this.#giveBack(message)
    }
    this.#onChange()
  }

  readonly #onAbort = (): void => this.end(abortedError('consume', this.#terms.signal?.reason))

  readonly #hear = (event: QueueEvent | IpcError): boolean => {
    if ('kind' in event && event.kind === 'delivered') {
      for (const message of event.messages) {
        if (this.#ended === undefined) this.#fetched.push(message)
        else this.#giveBack(message)
      }
      if (this.#ended === undefined) this.#onChange()
      return true
    }
    try {
      succeeded(event)
    } catch (error) {
      this.#fetched.clear()
      this.end(error as IpcError)
    }
    return false
  }

  #giveBack(message: SentOut): void {
    this.#link.settlePlainly(this.#terms.handle, 'release', message)
  }
}

function keyOf({ seq, epoch }: LeaseToken): string {
  return `${seq}:${epoch}`
}
