import { IpcError } from '@ipc/core'
import { checkSize } from '@ipc/core/internal'
import {
  BYTE_ORDER_MARK,
  LAYOUT_VERSION,
  MAGIC,
  READY,
  REGION_BYTE_ORDER,
  REGION_HEADER_BYTES,
  REGION_MAGIC,
  REGION_PAYLOAD_BYTES,
  REGION_READY,
  REGION_VERSION,
} from './layout.js'

/** Largest payload of a region. */
export const MAX_REGION_BYTES: number = 2 ** 31 - 1 - REGION_HEADER_BYTES

/**
 * A block of memory that several threads or processes see at once. What one writes, the others read: who writes
 * where and when is up to the application (or to the rings and locks it places there).
 */
export interface Region {
  /** The name others attach by; `undefined` for a region over a `SharedArrayBuffer`. */
  readonly name: string | undefined
  /** The whole memory, header included. For `SharedArrayBuffer` regions this is what a thread is handed. */
  readonly buffer: ArrayBufferLike
  /** The application's part, a view and no copy: zeros in a new region. Use `Atomics` where two sides touch a place. */
  readonly bytes: Uint8Array
  /** Whether {@link Region.close} was called. */
  readonly closed: boolean
  /**
   * Detach. The memory lives on for others. Views of a named region then read zeros, and what is written there goes
   * nowhere: they cannot crash the process. Calling it again does nothing.
   */
  close(): void
}

/**
 * Create a region over a `SharedArrayBuffer`, for threads of one process (and for browsers, in pages that are
 * cross-origin isolated). Hand `region.buffer` to the other thread, which calls {@link attachRegion} or
 * `fromBuffer`.
 *
 * @param bytes - Size of the application's part.
 * @throws RangeError for a size that cannot be right. IpcError `IPC_NOT_SUPPORTED` where `SharedArrayBuffer` is not
 * available; `IPC_OUT_OF_MEMORY`.
 *
 * @example
 * ```ts
 * import { createRegion } from '@ipc/shm'
 *
 * const region = createRegion(4096)
 * const counters = new Int32Array(region.bytes.buffer, region.bytes.byteOffset, 16)
 * Atomics.add(counters, 0, 1)
 * ```
 */
export function createRegion(bytes: number): Region {
  checkSize('bytes', bytes, 1, MAX_REGION_BYTES)
  if (typeof SharedArrayBuffer === 'undefined') {
    throw new IpcError(
      'IPC_NOT_SUPPORTED',
      'SharedArrayBuffer is not available: the page must be cross-origin isolated (send the headers ' +
        'Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp)',
    )
  }
  let buffer: SharedArrayBuffer
  try {
    buffer = new SharedArrayBuffer(REGION_HEADER_BYTES + bytes)
  } catch (cause) {
    throw new IpcError('IPC_OUT_OF_MEMORY', `no memory for a region of ${bytes} bytes`, { cause })
  }
  writeHeader(buffer, bytes)
  return regionOver(buffer, undefined, () => {})
}

/**
 * The region in a `SharedArrayBuffer` that another thread made with {@link createRegion}.
 *
 * @throws TypeError when it is none. IpcError `IPC_VERSION_MISMATCH` when another version of this package made it.
 */
export function attachRegion(buffer: SharedArrayBuffer): Region {
  if (typeof SharedArrayBuffer === 'undefined' || !(buffer instanceof SharedArrayBuffer)) {
    throw new TypeError('attachRegion takes the SharedArrayBuffer of a region')
  }
  checkHeader(buffer, 'the SharedArrayBuffer')
  return regionOver(buffer, undefined, () => {})
}

/** Make the {@link Region} over mapped memory; `detach` is called once, at `close`. */
export function regionOver(buffer: ArrayBufferLike, name: string | undefined, detach: () => void): Region {
  return new MappedRegion(buffer, name, detach)
}

/** Fill in the header of a new region, whose memory is all zeros. The ready word comes last. */
export function writeHeader(buffer: ArrayBufferLike, payloadBytes: number): void {
  const words = new Int32Array(buffer, 0, REGION_HEADER_BYTES / 4)
  words[REGION_MAGIC >> 2] = MAGIC
  words[REGION_VERSION >> 2] = LAYOUT_VERSION
  words[REGION_BYTE_ORDER >> 2] = BYTE_ORDER_MARK
  words[REGION_PAYLOAD_BYTES >> 2] = payloadBytes
  // Release: pairs with the load in checkHeader, which reads the fields above only after it saw READY.
  Atomics.store(words, REGION_READY >> 2, READY)
}

/**
 * Check that there is a region of this version in `buffer`, all of it.
 *
 * @param what - Names the memory in messages.
 */
export function checkHeader(buffer: ArrayBufferLike, what: string): void {
  if (buffer.byteLength < REGION_HEADER_BYTES) {
    throw new IpcError('IPC_PROTOCOL', `${what} is no region: ${buffer.byteLength} bytes are too few`)
  }
  const words = new Int32Array(buffer, 0, REGION_HEADER_BYTES / 4)
  // Acquire: pairs with the store in writeHeader.
  const ready = Atomics.load(words, REGION_READY >> 2)
  if (ready !== READY || words[REGION_MAGIC >> 2] !== MAGIC) {
    throw new IpcError('IPC_PROTOCOL', `${what} is no region, or one whose creator is not done`)
  }
  const byteOrder = words[REGION_BYTE_ORDER >> 2]
  if (byteOrder !== BYTE_ORDER_MARK) {
    throw new IpcError('IPC_VERSION_MISMATCH', `${what} was written in the other byte order`)
  }
  const version = words[REGION_VERSION >> 2]
  if (version !== LAYOUT_VERSION) {
    const details = { version, expected: LAYOUT_VERSION }
    throw new IpcError(
      'IPC_VERSION_MISMATCH',
      `${what} has layout version ${version}, this package knows ${LAYOUT_VERSION}: use one version on both sides`,
      { details },
    )
  }
  const payloadBytes = words[REGION_PAYLOAD_BYTES >> 2] ?? 0
  if (payloadBytes < 0 || REGION_HEADER_BYTES + payloadBytes > buffer.byteLength) {
    throw new IpcError(
      'IPC_PROTOCOL',
      `${what} says it holds ${payloadBytes} bytes, but has room for ${buffer.byteLength - REGION_HEADER_BYTES}`,
    )
  }
}

class MappedRegion implements Region {
  readonly name: string | undefined
  readonly buffer: ArrayBufferLike
  readonly bytes: Uint8Array
  #detach: (() => void) | undefined

  constructor(buffer: ArrayBufferLike, name: string | undefined, detach: () => void) {
    this.name = name
    this.buffer = buffer
    const payloadBytes = new Int32Array(buffer, REGION_PAYLOAD_BYTES, 1)[0] ?? 0
    this.bytes = new Uint8Array(buffer, REGION_HEADER_BYTES, payloadBytes)
    this.#detach = detach
  }

  get closed(): boolean {
    return this.#detach === undefined
  }

  close(): void {
    const detach = this.#detach
    this.#detach = undefined
    detach?.()
  }
}
