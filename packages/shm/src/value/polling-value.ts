import type { Codec, IpcError, WaitOptions } from '@ipc/core'
import { abortedError, startTimer, startWait } from '@ipc/core/internal'
import type { ReadOnlyMapping } from '../region/read-only-region.js'
import { closedError } from '../region/region.js'
import { readValue } from './read-value.js'
import type { SharedValueReader } from './shared-value.js'
import type { ValueCells } from './value-cells.js'

/** Bounds of the pauses between two looks: who cannot write cannot ask to be woken. */
const SHORTEST_MS = 1
const LONGEST_MS = 16

/** A shared value in memory that this process cannot write. */
export class PollingValue<T> implements SharedValueReader<T> {
  readonly #region: ReadOnlyMapping
  readonly #what: string
  readonly #codec: Codec<T>
  readonly #cells: ValueCells

  /** @param what - Names the value in messages. */
  constructor(region: ReadOnlyMapping, what: string, codec: Codec<T>, cells: ValueCells) {
    this.#region = region
    this.#what = what
    this.#codec = codec
    this.#cells = cells
  }

  get version(): number {
    return this.#cells.version
  }

  get(): T | undefined {
    this.#checkOpen()
    return readValue(this.#cells, this.#codec, this.#what)
  }

  async changed(options?: WaitOptions): Promise<void> {
    this.#checkOpen()
    if (options?.signal?.aborted) throw abortedError('changed', options.signal.reason)
    let stop = (): void => {}
    const wait = startWait<void>('changed', options, () => stop())
    const look = (pauseMs: number): void => {
      if (this.#region.closed) wait.reject(this.#closed())
      else if (this.#cells.version !== this.#cells.seen) wait.resolve()
      else stop = startTimer(pauseMs, () => look(Math.min(LONGEST_MS, 2 * pauseMs)))
    }
    look(SHORTEST_MS)
    return wait.promise
  }

  #checkOpen(): void {
    if (this.#region.closed) throw this.#closed()
  }

  #closed(): IpcError {
    return closedError(this.#region.what)
  }
}
