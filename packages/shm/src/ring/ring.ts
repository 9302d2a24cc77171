import type { WaitOptions } from '@ipc/core'
import type { BlockOptions } from '../wait/participant.js'
import type { Waitable } from '../wait/waitable.js'

/** Options of {@link spscRing} and its kin. */
export interface RingOptions {
  /**
   * Size of the record area, a power of two. Who attaches a ring takes the size it has, or says which it expects.
   *
   * @default 1 MiB
   */
  readonly capacityBytes?: number | undefined
  /**
   * All records have just this many bytes. Without it they may have any, up to `maxRecordBytes`.
   */
  readonly recordBytes?: number | undefined
}

/** A ring in a region: a bounded buffer of records. */
export interface Ring {
  readonly name: string
  readonly capacityBytes: number
  /** Longest payload of a record. */
  readonly maxRecordBytes: number
  /** Size of all records; `undefined` when they vary. */
  readonly recordBytes: number | undefined
  /** The end that writes. */
  producer(): Producer
  /** The end that reads. */
  consumer(): Consumer
}

/** Options of `write` of a {@link Producer}. */
export interface WriteOptions extends WaitOptions {
  /**
   * A number >= 0 that the reader gets with the record; what it means is up to the application.
   *
   * @default 0
   */
  readonly kind?: number | undefined
}

/** Options of `writeSync` of a {@link Producer}. */
export interface WriteSyncOptions extends BlockOptions {
  /** As in {@link WriteOptions}. */
  readonly kind?: number | undefined
}

/**
 * Writes records into a ring. `tryWrite` copies a payload; `tryClaim` gives the place for one, to be filled in and
 * committed, without a copy and without an allocation. No call but the waiting ones ever waits.
 *
 * Only one record is claimed at a time.
 */
export interface Producer {
  /** The record area: claimed payloads lie in it. A view of shared memory. */
  readonly bytes: Uint8Array
  readonly maxRecordBytes: number

  /**
   * Claim room for a record of `length` bytes. Fill in `bytes` from the index on, then `commit`, `stage` or `abort`.
   *
   * @returns the index of the payload in `bytes`, a multiple of 8; or -1 when the ring is full.
   * @throws RangeError for a length or kind that this ring does not take. TypeError when a record is claimed already.
   * IpcError `IPC_CLOSED`.
   */
  tryClaim(length: number, kind?: number): number
  /** Make the claimed record visible, in order, and wake a consumer that sleeps. */
  commit(): void
  /** Finish the claimed record, but leave it to the next `publish` or `commit` to make it visible and to wake. */
  stage(): void
  /** Make all staged records visible, and wake a consumer that sleeps. A full ring does so by itself. */
  publish(): void
  /** Give the claim back: nothing is written. Closing the region does it too. */
  abort(): void

  /**
   * Write one record.
   *
   * @returns false when the ring is full; nothing is written then.
   * @throws as `tryClaim`.
   */
  tryWrite(payload: Uint8Array, kind?: number): boolean
  /**
   * Write one record, when there is room. The event loop goes on meanwhile; calls write in the order they were made.
   * Leave `payload` as it is until then.
   *
   * @throws TypeError | RangeError at once, as `tryClaim`. Rejects with IpcError `IPC_TIMEOUT`, `IPC_ABORTED`,
   * `IPC_CLOSED`; nothing is written then.
   */
  write(payload: Uint8Array, options?: WriteOptions): Promise<void>
  /**
   * Write one record, when there is room; blocks the thread until then.
   *
   * @throws as `tryClaim`. IpcError `IPC_TIMEOUT`; nothing is written then.
   */
  writeSync(payload: Uint8Array, options?: WriteSyncOptions): void

  /** Records written by this producer. */
  readonly written: number
  /** How often it found the ring full. */
  readonly full: number
}

/** What a {@link Consumer} reads records with: `bytes[start ... end)` is the payload, valid until it returns. */
export type RecordListener = (bytes: Uint8Array, start: number, end: number, kind: number) => void

/**
 * Reads records from a ring, in order. `read` hands them over where they lie, without a copy and without an
 * allocation; iteration and `receive` give copies.
 */
export interface Consumer extends AsyncIterable<Uint8Array>, Waitable {
  /**
   * Hand the records that are there to `listener`, `limit` at most. Never waits, and ends although others write
   * meanwhile. What the listener throws is thrown here; the record it threw for counts as read, those behind it stay. The
   * listener itself must not read.
   *
   * @returns how many were read.
   * @throws RangeError for a limit that is none. TypeError inside of a listener. IpcError `IPC_CLOSED`; `IPC_PROTOCOL`
   * when the ring is corrupt.
   */
  read(listener: RecordListener, limit?: number): number
  /** A copy of the next record, if there is one. */
  tryReceive(): Uint8Array | undefined
  /**
   * A copy of the next record, as soon as there is one. The event loop goes on meanwhile.
   *
   * @throws IpcError `IPC_TIMEOUT`, `IPC_ABORTED`, `IPC_CLOSED`.
   */
  receive(options?: WaitOptions): Promise<Uint8Array>
  /**
   * Wait until there is a record, with the event loop going on. While records come often the memory is looked at once a
   * turn of the loop, for at most a millisecond after the last one; then the loop sleeps.
   *
   * @throws IpcError `IPC_TIMEOUT`, `IPC_ABORTED`, `IPC_CLOSED`.
   */
  wait(options?: WaitOptions): Promise<void>
  /**
   * Block the thread until there is a record.
   *
   * @returns false when the time is over.
   */
  waitSync(options?: BlockOptions): boolean
  /** Records read by this consumer. */
  readonly consumed: number
}
