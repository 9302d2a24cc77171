import { MAX_PARTICIPANTS } from '../layout.js'
import { RING_CONTROL_BYTES } from './ring-layout.js'

/**
 * A ring for many producers: as in `ring-layout.ts`, but records take whole units of 64 bytes and have no header; for
 * each unit there is an entry behind the record area, and the entry of a record's first unit describes it. Each
 * participant that produces has a line of its own, in which it says where it is claiming.
 *
 * ```
 * ring      0 tail (claimed by producers) | 128 head | 256 event: records | 320 event: room
 *         384 producers: 128 slots of 64 bytes
 *        8576 units (capacity bytes, a power of two)
 *             entries: capacity / 64 of them
 *
 * producer  0 who it is
 *           4 intent: position of its claim, with bit 0 set; a value of its own with bit 1 set if none; 0 if forgotten
 *           8 wrapped: position of its record, with bit 0 set, for a claim that began with padding; or 0
 * entry     0 stamp | 4 payload bytes | 8 kind | 12 reserved
 * ```
 */
export const MPSC_PRODUCERS: number = RING_CONTROL_BYTES
export const MPSC_PRODUCER_BYTES = 64
export const MPSC_PRODUCER_WHO = 0
export const MPSC_PRODUCER_INTENT = 4
export const MPSC_PRODUCER_WRAPPED = 8
export const MPSC_CONTROL_BYTES: number = MPSC_PRODUCERS + MAX_PARTICIPANTS * MPSC_PRODUCER_BYTES

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
  return MPSC_CONTROL_BYTES + capacity + (capacity / UNIT_BYTES) * ENTRY_WORDS * 4
}

/** The first word of the entry of the unit at `index`. Shifts: a division would make it a floating-point number. */
export function entryAt(index: number): number {
  return (index >> 6) << 2
}

/** The stamp of a committed record at `position`: positions are multiples of 64, so this is never 0. */
export function stampOf(position: number): number {
  return position | 1
}

/** The stamp of a hole that is being filled in, so that whoever left it cannot commit it any more. */
export function fillingOf(position: number): number {
  return position | 3
}

/** What a producer says that claims at `position`. */
export function intentOf(position: number): number {
  return position | 1
}

/** What a producer of that name says that claims nothing: another one in its place would say something else. */
export function idleOf(name: number): number {
  return (name << 6) | 2
}

/** Whether it says where somebody claims. */
export function isIntent(said: number): boolean {
  return (said & (UNIT_BYTES - 1)) === 1
}

/** Where a producer claims that says so. */
export function positionOf(intent: number): number {
  return intent & -UNIT_BYTES
}

/** Where that field of a producer lies, in words from the start of the ring. */
export function producerWord(participant: number, field: number): number {
  return (MPSC_PRODUCERS + participant * MPSC_PRODUCER_BYTES + field) >> 2
}
