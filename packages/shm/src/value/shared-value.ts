import { type Codec, IpcError, type WaitOptions } from '@ipc/core'
import { checkSize } from '@ipc/core/internal'
import { KIND_SHARED_VALUE } from '../layout.js'
import { findObject, holdsObjects, type ObjectSpec, placeObject } from '../region/objects.js'
import { ReadOnlyMapping, type ReadOnlyRegion } from '../region/read-only-region.js'
import { insideOf, MAX_REGION_BYTES, type Region, type SharedRegion } from '../region/region.js'
import type { Condition } from '../wait/participant.js'
import { WaitEvent } from '../wait/wait-event.js'
import { makeWaitable, type Waitable } from '../wait/waitable.js'
import { PollingValue } from './polling-value.js'
import { readValue } from './read-value.js'
import { ValueCells } from './value-cells.js'
import { VALUE_CHANGED_EVENT, valueBytes } from './value-layout.js'

/** Options of {@link sharedValue}. */
export interface SharedValueOptions<T> {
  /** How values become bytes: `struct()` for records of fixed size, `bytes()`, or any other. All sides need the same. */
  readonly codec: Codec<T>
  /**
   * Largest encoded value.
   *
   * @default the size of a `struct()` codec; what is there, where the value exists
   */
  readonly maxBytes?: number | undefined
  /**
   * Of a new value: let those read it too who attach the region read-only. Every word is then written and read
   * atomically, which takes several times as long.
   *
   * @default false
   */
  readonly readOnlyReaders?: boolean | undefined
}

/** What everybody can do who sees a shared value. */
export interface SharedValueReader<T> {
  /**
   * The latest value, a copy; `undefined` when none was set yet. Never waits for the writer.
   *
   * @throws IpcError `IPC_DECODE_FAILED` when the codec refuses what is there; `IPC_CLOSED`.
   */
  get(): T | undefined
  /** How often it was set, as an int32 that wraps; 0 when it never was. */
  readonly version: number
  /**
   * Wait until there is another value than the last one that `get` gave here. The event loop goes on meanwhile. Values
   * in between are not seen.
   *
   * @throws IpcError `IPC_TIMEOUT`, `IPC_ABORTED`, `IPC_CLOSED`.
   */
  changed(options?: WaitOptions): Promise<void>
}

/** A value in a region: one side sets it, any number get the latest. */
export interface SharedValue<T> extends SharedValueReader<T>, Waitable {
  /**
   * Set the value. Never waits. One writer at a time: several take turns by a `mutex`.
   *
   * @throws TypeError | RangeError when the codec does not carry it. IpcError `IPC_MESSAGE_TOO_LARGE`, `IPC_CLOSED`.
   * The old value stays then.
   */
  set(value: T): void
}

/**
 * The latest value of something, in a region: prices, positions, settings. Setting waits for nobody, getting sees whole
 * values only; a writer that dies in the middle of setting leaves the last one. Whoever asks first creates it.
 *
 * A seqlock over four cells; see `ValueCells`.
 *
 * @throws TypeError | RangeError for a name or option that cannot be right. IpcError `IPC_PROTOCOL` when there is
 * another object of that name, or one with another codec or size; `IPC_OUT_OF_MEMORY` when the region is too small;
 * for a read-only region `IPC_CONNECT_FAILED` when there is none, `IPC_NOT_SUPPORTED` when it was created without
 * `readOnlyReaders`.
 *
 * @example
 * ```ts
 * import { struct } from '@ipc/core'
 * import { openRegion, sharedValue } from '@ipc/shm'
 *
 * const codec = struct({ bid: 'f64', ask: 'f64' })
 * const region = openRegion('quotes', { bytes: 65_536 })
 * const quote = sharedValue(region, 'ABC', { codec })
 * quote.set({ bid: 99.5, ask: 99.7 })
 *
 * // another process
 * const seen = sharedValue(openRegion('quotes'), 'ABC', { codec })
 * console.log(seen.get()) // { bid: 99.5, ask: 99.7 }
 * await seen.changed()
 * ```
 */
export function sharedValue<T>(region: Region, name: string, options: SharedValueOptions<T>): SharedValue<T>
export function sharedValue<T>(
  region: ReadOnlyRegion,
  name: string,
  options: SharedValueOptions<T>,
): SharedValueReader<T>
export function sharedValue<T>(
  region: Region | ReadOnlyRegion,
  name: string,
  options: SharedValueOptions<T>,
): SharedValueReader<T> {
  const spec = specOf(name, options)
  if (region instanceof ReadOnlyMapping) return readOnly(region, spec, options.codec)
  const inside = insideOf(region as Region)
  const { offset, parameters } = placeObject(inside, spec)
  const cells = new ValueCells(
    inside.words,
    offset,
    parameters.maxBytes as number,
    parameters.readOnlyReaders === 1 ? 'atomic' : 'plain',
    true,
  )
  const changed = new WaitEvent(inside.words, offset + VALUE_CHANGED_EVENT, inside.participants)
  return new CellValue({ region: inside, what: whatOf(spec, inside), codec: options.codec, cells, changed })
}

function specOf<T>(name: string, { codec, maxBytes, readOnlyReaders }: SharedValueOptions<T>): ObjectSpec {
  if (typeof codec?.encode !== 'function') throw new TypeError('sharedValue needs a codec')
  const fixed = (codec as { readonly sizeBytes?: number }).sizeBytes
  if (maxBytes !== undefined) checkSize('maxBytes', maxBytes, 1, MAX_REGION_BYTES)
  return {
    kind: KIND_SHARED_VALUE,
    name,
    schema: codec.name,
    parameters: {
      maxBytes,
      readOnlyReaders: readOnlyReaders === undefined ? undefined : Number(readOnlyReaders),
    },
    defaults: { readOnlyReaders: 0, ...(fixed === undefined ? {} : { maxBytes: fixed }) },
    bodyBytes: (parameters) => {
      const most = parameters.maxBytes
      if (most === undefined) throw new TypeError(`a new value with codec ${codec.name} needs maxBytes`)
      return valueBytes(most)
    },
  }
}

function whatOf({ name }: ObjectSpec, region: { readonly what: string }): string {
  return `the value ${name} in ${region.what}`
}

function readOnly<T>(region: ReadOnlyMapping, spec: ObjectSpec, codec: Codec<T>): SharedValueReader<T> {
  const found = holdsObjects(region) ? findObject(region, spec) : undefined
  if (found === undefined) {
    throw new IpcError(
      'IPC_CONNECT_FAILED',
      `there is no ${spec.name} in ${region.what}, and it is attached read-only`,
    )
  }
  if (found.parameters.readOnlyReaders !== 1) {
    throw new IpcError(
      'IPC_NOT_SUPPORTED',
      `${spec.name} in ${region.what} was created without readOnlyReaders: attach the region for writing, or create it so`,
    )
  }
  const cells = new ValueCells(
    region.words,
    found.offset,
    found.parameters.maxBytes as number,
    'atomic',
    false,
  )
  return new PollingValue(region, whatOf(spec, region), codec, cells)
}

interface CellValueInit<T> {
  readonly region: SharedRegion
  /** Names the value in messages. */
  readonly what: string
  readonly codec: Codec<T>
  readonly cells: ValueCells
  readonly changed: WaitEvent
}

class CellValue<T> implements SharedValue<T> {
  readonly #region: SharedRegion
  readonly #what: string
  readonly #codec: Codec<T>
  readonly #cells: ValueCells
  readonly #changed: WaitEvent
  readonly #hasChanged: Condition
  #value: T | undefined
  readonly #encode = (bytes: Uint8Array, start: number): number =>
    this.#codec.encode(this.#value as T, bytes, start)

  constructor({ region, what, codec, cells, changed }: CellValueInit<T>) {
    this.#region = region
    this.#what = what
    this.#codec = codec
    this.#cells = cells
    this.#changed = changed
    this.#hasChanged = {
      ready: () => cells.version !== cells.seen,
      arm: (participant) => changed.arm(participant),
      disarm: (participant) => changed.disarm(participant),
    }
    makeWaitable(this, { region, condition: this.#hasChanged })
  }

  get ready(): boolean {
    return !this.#region.closed && this.#hasChanged.ready()
  }

  get version(): number {
    return this.#cells.version
  }

  set(value: T): void {
    this.#checkOpen()
    this.#value = value
    if (!this.#cells.write(this.#encode)) {
      const { maxBytes } = this.#cells
      throw new IpcError('IPC_MESSAGE_TOO_LARGE', `${this.#what} has at most ${maxBytes} bytes`, {
        details: { maxBytes },
      })
    }
    this.#changed.signal()
  }

  get(): T | undefined {
    this.#checkOpen()
    return readValue(this.#cells, this.#codec, this.#what)
  }

  async changed(options?: WaitOptions): Promise<void> {
    return this.#region.self.wait('changed', this.#hasChanged, options)
  }

  #checkOpen(): void {
    this.#region.checkOpen()
  }
}
