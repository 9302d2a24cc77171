import type { WaitOptions } from '../connection.js'
import { Fifo } from './fifo.js'
import { checkDurationMs } from './timer.js'
import { abortedError, startWait, type Wait } from './wait.js'

interface Item<T> {
  readonly value: T | undefined
  readonly bytes: number
  readonly error: unknown
}

/**
 * A queue with waiting takers, first come, first served. Holds values, and errors that take the place of a value.
 * After `end`, what is there can still be taken; then every taker gets the end's error.
 */
export class Mailbox<T> {
  readonly #what: string
  readonly #onTaken: () => void
  #items = new Fifo<Item<T>>()
  // A Set keeps insertion order and forgets a waiter that gave up in O(1).
  readonly #waits = new Set<Wait<T>>()
  #bytes = 0
  #ended: { readonly error: unknown } | undefined

  /**
   * @param what - Names a pending take in error messages.
   * @param onTaken - Called after a queued item was taken.
   */
  constructor(what: string, onTaken: () => void = () => {}) {
    this.#what = what
    this.#onTaken = onTaken
  }

  get length(): number {
    return this.#items.length
  }

  /** Sum of the `bytes` of the queued items. */
  get bytes(): number {
    return this.#bytes
  }

  /** Takes that wait for an item. */
  get waiting(): number {
    return this.#waits.size
  }

  put(value: T, bytes: number): void {
    const wait = this.#nextWait()
    if (wait !== undefined) wait.resolve(value)
    else this.#push({ value, bytes, error: undefined })
  }

  putError(error: unknown, bytes: number): void {
    const wait = this.#nextWait()
    if (wait !== undefined) wait.reject(error)
    else this.#push({ value: undefined, bytes, error })
  }

  take(options?: WaitOptions): Promise<T> {
    // A wrong option is refused whether or not it would have mattered this time.
    if (options?.timeoutMs !== undefined) checkDurationMs('timeoutMs', options.timeoutMs)
    // An aborted caller gets nothing; time, though, only matters when there is something to wait for.
    if (options?.signal?.aborted) return Promise.reject(abortedError(this.#what, options.signal.reason))
    if (this.#items.length > 0) {
      try {
        return Promise.resolve(this.tryTake() as T)
      } catch (error) {
        return Promise.reject(error)
      }
    }
    if (this.#ended !== undefined) return Promise.reject(this.#ended.error)
    const wait = startWait<T>(this.#what, options, () => this.#waits.delete(wait))
    this.#waits.add(wait)
    return wait.promise
  }

  /** The next value, or `undefined` when there is none; throws an error that takes the place of a value. */
  tryTake(): T | undefined {
    const item = this.#items.shift()
    if (item === undefined) return undefined
    this.#bytes -= item.bytes
    this.#onTaken()
    if (item.error !== undefined) throw item.error
    return item.value
  }

  /** Take every item for which `wanted` returns true, keeping the rest in order. */
  takeMatching(wanted: (value: T, bytes: number) => boolean): void {
    const items = this.#items
    this.#items = new Fifo()
    this.#bytes = 0
    for (let item = items.shift(); item !== undefined; item = items.shift()) {
      if (item.error !== undefined || !wanted(item.value as T, item.bytes)) this.#push(item)
    }
    this.#onTaken()
  }

  /** No more items come: takers get `error` once the queue is empty. */
  end(error: unknown): void {
    this.#ended ??= { error }
    for (const wait of this.#waits) wait.reject(this.#ended.error)
    this.#waits.clear()
  }

  /** Drop what is queued. */
  clear(): void {
    this.#items.clear()
    this.#bytes = 0
  }

  #push(item: Item<T>): void {
    this.#items.push(item)
    this.#bytes += item.bytes
  }

  #nextWait(): Wait<T> | undefined {
    for (const wait of this.#waits) {
      this.#waits.delete(wait)
      return wait
    }
    return undefined
  }
}
