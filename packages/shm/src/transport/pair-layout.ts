import { RING_CONTROL_BYTES } from '../ring/ring-layout.js'

/**
 * A pair of rings, in the payload of a region: one connection.
 *
 * ```
 *   0 state | 4 ring capacity | 8 ... 127 reserved
 * 128 side A | 256 side B
 * 384 ring that A writes
 *     ring that B writes
 *
 *  side     0 state | 4 bell | 8 max message bytes | 12 codec name bytes | 16 codec name (112 bytes)
 * ```
 */
export const PAIR_STATE = 0
export const PAIR_CAPACITY = 4
export const SIDE_A = 128
export const SIDE_B = 256
const RINGS = 384

export const SIDE_STATE = 0
export const SIDE_BELL = 4
export const SIDE_MAX_MESSAGE_BYTES = 8
export const SIDE_CODEC_BYTES = 12
export const SIDE_CODEC = 16
export const SIDE_CODEC_MAX_BYTES = 112

/** State of a pair whose capacity is written: "pair". */
export const PAIR = 0x72696170

/** States of a side. */
export const FRESH = 0
export const CLAIMED = 1
export const ATTACHED = 2
export const ABORTED = 3

/** Kinds of a connection's records: a message; the length of one that follows in fragments; a fragment; the end. */
export const RECORD_MESSAGE = 1
export const RECORD_FRAGMENTS = 2
export const RECORD_FRAGMENT = 3
export const RECORD_END = 4

/** Payload bytes of a region that holds a pair of rings of `capacity` bytes. */
export function pairBytes(capacity: number): number {
  return RINGS + 2 * (RING_CONTROL_BYTES + capacity)
}

/** Offset of the ring that side A (`0`) or B (`1`) writes, in the payload. */
export function ringOffset(capacity: number, side: 0 | 1): number {
  return RINGS + side * (RING_CONTROL_BYTES + capacity)
}
