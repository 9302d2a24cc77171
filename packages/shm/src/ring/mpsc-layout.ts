import { RING_CONTROL_BYTES } from './ring-layout.js'

/**
 * A ring for many producers: as in `ring-layout.ts`, but records take whole units of 64 bytes and have no header; for
 * each unit there is an entry behind the record area, and the entry of a record's first unit describes it.
 *
 * ```
 * ring      0 tail (claimed by producers) | 128 head | 256 event: records | 320 event: room
 *         384 units (capacity bytes, a power of two)
 *             entries: capacity / 64 of them
 *
 * entry     0 stamp | 4 payload bytes | 8 kind | 12 participant
 * ```
 */
export const UNIT_BYTES = 64

export const ENTRY_STAMP = 0
export const ENTRY_LENGTH = 1
export const ENTRY_KIND = 2
/** Words of an entry. */
export const ENTRY_WORDS = 4

/** Bytes of units that a record takes. An empty one takes a unit too. */
export function unitBytes(payloadBytes: number): number {
  return payloadBytes === 0 ? UNIT_BYTES : (payloadBytes + UNIT_BYTES - 1) & -UNIT_BYTES
}

/** Longest payload of a record: with it, an empty ring has room wherever the positions are. */
export function maxMpscRecordBytes(capacity: number): number {
  return capacity / 4
}

/** Bytes of a ring with such a record area. */
export function mpscRingBytes(capacity: number): number {
  return RING_CONTROL_BYTES + capacity + (capacity / UNIT_BYTES) * ENTRY_WORDS * 4
}

/** The first word of the entry of the unit at `index`. Shifts: a division would make it a floating-point number. */
export function entryAt(index: number): number {
  return (index >> 6) << 2
}

/** The stamp of a committed record at `position`: positions are multiples of 64, so this is never 0. */
export function stampOf(position: number): number {
  return position | 1
}
