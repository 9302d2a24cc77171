import { checkSize } from '@ipc/core/internal'
import { REGION_HEADER_BYTES } from '../layout.js'
import { closedError } from './region.js'
import type { MappedRegion } from './region-file.js'

/**
 * A region that this process can read and not change: the hardware refuses. Such memory has no views, since a write
 * through one would end the process; what is read is a copy.
 */
export interface ReadOnlyRegion {
  readonly name: string
  /** Size of the application's part. */
  readonly sizeBytes: number
  readonly schema: string
  readonly closed: boolean
  /**
   * A copy of the bytes from `start` to `end` (exclusive). Bytes that somebody writes meanwhile may come torn.
   *
   * @throws RangeError for places outside. IpcError `IPC_CLOSED`.
   */
  read(start: number, end: number): Uint8Array
  /**
   * The int32 at `offset`, a multiple of 4, read atomically.
   *
   * @throws RangeError for places outside. IpcError `IPC_CLOSED`.
   */
  loadInt32(offset: number): number
  close(): void
}

/** A region mapped without the right to write. */
export class ReadOnlyMapping implements ReadOnlyRegion {
  readonly name: string
  readonly sizeBytes: number
  readonly schema: string
  /** The whole region. Only ever read: a write ends the process. */
  readonly words: Int32Array
  /** Its payload. Only ever read. */
  readonly bytes: Uint8Array
  #release: (() => void) | undefined

  constructor(name: string, { mapping, payloadBytes, schema }: MappedRegion) {
    this.name = name
    this.sizeBytes = payloadBytes
    this.schema = schema
    this.words = new Int32Array(mapping.buffer, 0, (REGION_HEADER_BYTES + payloadBytes) >> 2)
    this.bytes = new Uint8Array(mapping.buffer, REGION_HEADER_BYTES, payloadBytes)
    this.#release = () => mapping.release()
  }

  get what(): string {
    return `region ${this.name}`
  }

  get closed(): boolean {
    return this.#release === undefined
  }

  read(start: number, end: number): Uint8Array {
    this.#checkOpen()
    checkSize('start', start, 0, this.sizeBytes)
    checkSize('end', end, start, this.sizeBytes)
    return this.bytes.slice(start, end)
  }

  loadInt32(offset: number): number {
    this.#checkOpen()
    checkSize('offset', offset, 0, this.sizeBytes - 4)
    if (offset % 4 !== 0) throw new RangeError(`offset must be a multiple of 4, got ${offset}`)
    return Atomics.load(this.words, (REGION_HEADER_BYTES + offset) >> 2)
  }

  close(): void {
    const release = this.#release
    this.#release = undefined
    release?.()
  }

  #checkOpen(): void {
    if (this.closed) throw closedError(this.what)
  }
}
