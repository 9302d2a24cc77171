import { EVENT_BYTES } from '../layout.js'

/**
 * A ring that one producer writes and many consumers read, each at its own pace. Positions count bytes and wrap.
 *
 * ```
 * ring        0 intent | 64 tail | 68 two marks of 8 bytes | 128 event: records | 192 event: room
 *           256 readers that hold the producer back: 32 slots of 64 bytes
 *          2304 records (capacity bytes, a power of two)
 *
 * mark        0 position | 4 sequence: number of the record there; that of the position `tail` counts, the other one is
 *             being written
 *
 * reader      0 who it is, or 0 | 4 position
 *
 * record      0 payload bytes | 4 kind | 8 sequence | 12 position | 16 payload, padded to a multiple of 8
 * padding     0 bytes up to the end of the ring | 4 kind -1
 * ```
 */
export const BROADCAST_INTENT = 0
export const BROADCAST_TAIL = 64
export const BROADCAST_MARKS = 68
export const MARK_BYTES = 8
export const MARK_POSITION = 0
export const MARK_SEQUENCE = 4
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

/** The number of the record at `tail`, which is its position. `control`: the words of the ring. */
export function sequenceAt(control: Int32Array, tail: number): number {
  const [first, second] = [0, 1].map((mark) => {
    const at = (BROADCAST_MARKS + mark * MARK_BYTES) >> 2
    return {
      position: Atomics.load(control, at + (MARK_POSITION >> 2)),
      sequence: Atomics.load(control, at + (MARK_SEQUENCE >> 2)),
    }
  }) as [Mark, Mark]
  if (first.position === tail) return first.sequence
  if (second.position === tail) return second.sequence
  // The producer has gone on since the tail was loaded: the later one.
  return ((first.sequence - second.sequence) | 0) > 0 ? first.sequence : second.sequence
}

interface Mark {
  readonly position: number
  readonly sequence: number
}

/** Bytes a record with such a payload takes. */
export function broadcastRecordBytes(payloadBytes: number): number {
  return (payloadBytes + BROADCAST_HEADER_BYTES + 7) & -8
}

/** Longest payload of a record. */
export function maxBroadcastRecordBytes(capacity: number): number {
  return capacity / 8 - BROADCAST_HEADER_BYTES
}
