import { EVENT_BYTES } from '../layout.js'

/**
 * A ring that one producer writes and many consumers read, each at its own pace. Positions count bytes and wrap.
 *
 * ```
 * ring        0 intent | 64 tail | 68 sequence | 128 event: records | 192 event: room
 *           256 readers that hold the producer back: 32 slots of 64 bytes
 *          2304 records (capacity bytes, a power of two)
 *
 * reader      0 who it is, or 0 | 4 position
 *
 * record      0 payload bytes | 4 kind | 8 sequence | 12 position | 16 payload, padded to a multiple of 8
 * padding     0 bytes up to the end of the ring | 4 kind -1
 * ```
 */
export const BROADCAST_INTENT = 0
export const BROADCAST_TAIL = 64
export const BROADCAST_SEQUENCE = 68
export const BROADCAST_RECORDS_EVENT = 128
export const BROADCAST_ROOM_EVENT: number = BROADCAST_RECORDS_EVENT + EVENT_BYTES
export const BROADCAST_READERS = 256
export const MAX_READERS = 32
export const READER_BYTES = 64
export const READER_WHO = 0
export const READER_POSITION = 4
export const BROADCAST_CONTROL_BYTES: number = BROADCAST_READERS + MAX_READERS * READER_BYTES

export const BROADCAST_LENGTH = 0
export const BROADCAST_KIND = 4
export const BROADCAST_RECORD_SEQUENCE = 8
export const BROADCAST_RECORD_POSITION = 12
export const BROADCAST_HEADER_BYTES = 16

/** Bytes a record with such a payload takes. */
export function broadcastRecordBytes(payloadBytes: number): number {
  return (payloadBytes + BROADCAST_HEADER_BYTES + 7) & -8
}

/** Longest payload of a record. */
export function maxBroadcastRecordBytes(capacity: number): number {
  return capacity / 8 - BROADCAST_HEADER_BYTES
}
