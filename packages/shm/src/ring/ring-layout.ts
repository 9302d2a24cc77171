import { EVENT_BYTES } from '../layout.js'

/**
 * A ring: positions, then the record area. Positions count bytes and wrap as int32; `position & (capacity - 1)` is the
 * index in the record area.
 *
 * ```
 * ring      0 tail (producer) | 128 head (consumer) | 256 event: records | 320 event: room
 *         384 records (capacity bytes, a power of two)
 *
 * record    0 payload bytes | 4 kind | 8 payload, padded to a multiple of 8
 * ```
 */
export const RING_TAIL = 0
export const RING_HEAD = 128
export const RING_RECORDS_EVENT = 256
export const RING_ROOM_EVENT: number = RING_RECORDS_EVENT + EVENT_BYTES
export const RING_CONTROL_BYTES = 384

export const RECORD_LENGTH = 0
export const RECORD_KIND = 4
export const RECORD_HEADER_BYTES = 8
const RECORD_ALIGNMENT = 8

/** Kind of the record that fills the end of a ring when the next one does not fit there. */
export const PADDING = -1

export const MIN_RING_BYTES = 1024
export const MAX_RING_BYTES: number = 2 ** 30

/** Bytes a record with such a payload takes in the ring. */
export function recordBytes(payloadBytes: number): number {
  return (payloadBytes + RECORD_HEADER_BYTES + (RECORD_ALIGNMENT - 1)) & -RECORD_ALIGNMENT
}

/** Longest payload of a record: with it, an empty ring has room wherever the positions are. */
export function maxSpscRecordBytes(capacity: number): number {
  return capacity / 4 - RECORD_HEADER_BYTES
}
