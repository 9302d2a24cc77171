/**
 * Byte layout of a region and what lies in it. `LAYOUT.md` is the specification in words; this file is its only
 * implementation. Every field is an int32 in the byte order of the machine, at an offset in bytes.
 *
 * ```
 *  region   0 ready | 4 magic | 8 version | 12 byte order | 16 payload bytes | 20 ... 127 reserved
 *         128 payload
 * ```
 */

/** Written last: whoever sees it may read the rest of the header. */
export const REGION_READY = 0
export const REGION_MAGIC = 4
export const REGION_VERSION = 8
export const REGION_BYTE_ORDER = 12
export const REGION_PAYLOAD_BYTES = 16
/** The payload begins here: a multiple of two cache lines. */
export const REGION_HEADER_BYTES = 128

/** "ipcr" */
export const MAGIC = 0x72637069
export const LAYOUT_VERSION = 1
export const BYTE_ORDER_MARK = 0x01020304
export const READY = 0x59444552

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
 *  ring     0 tail (producer) | 128 head (consumer) | 256 consumer parked | 260 producer parked
 *         384 records (capacity bytes, a power of two)
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

export const RING_TAIL = 0
export const RING_HEAD = 128
export const RING_CONSUMER_PARKED = 256
export const RING_PRODUCER_PARKED = 260
export const RING_CONTROL_BYTES = 384

/** States of a pair, and of each of its sides. */
export const FRESH = 0
export const CLAIMED = 1
export const ATTACHED = 2
export const ABORTED = 3

/**
 * A record: 8 bytes of header, then the payload, padded to a multiple of 8.
 *
 * ```
 * 0 payload bytes | 4 kind | 8 payload
 * ```
 */
export const RECORD_LENGTH = 0
export const RECORD_KIND = 4
export const RECORD_HEADER_BYTES = 8
const RECORD_ALIGNMENT = 8

/** Kind of the record that fills the end of a ring when the next one does not fit there. */
export const PADDING = -1
/** Kinds of a connection's records: a message; the length of one that follows in fragments; a fragment; the end. */
export const RECORD_MESSAGE = 1
export const RECORD_FRAGMENTS = 2
export const RECORD_FRAGMENT = 3
export const RECORD_END = 4

export const MIN_RING_BYTES = 1024
export const MAX_RING_BYTES: number = 2 ** 30

/** Bytes a record with such a payload takes in the ring. */
export function recordBytes(payloadBytes: number): number {
  return (payloadBytes + RECORD_HEADER_BYTES + (RECORD_ALIGNMENT - 1)) & -RECORD_ALIGNMENT
}

/** Payload bytes of a region that holds a pair of rings of `capacity` bytes. */
export function pairBytes(capacity: number): number {
  return RINGS + 2 * (RING_CONTROL_BYTES + capacity)
}

/** Offset of the ring that side A (`0`) or B (`1`) writes, in the payload. */
export function ringOffset(capacity: number, side: 0 | 1): number {
  return RINGS + side * (RING_CONTROL_BYTES + capacity)
}
