/** Messages that are sent round after round, and the canonical bytes they stand for. */
export interface Sequence<T = unknown> {
  readonly messages: readonly T[]
  /** The canonical encoding of all messages, one behind the other. */
  readonly bytes: Uint8Array
  /** Where the encoding of message `i` begins; one entry more than there are messages. */
  readonly offsets: Float64Array
}

/** Size of the messages of the blocks phase. */
export const BLOCK_BYTES: number = 64 * 1024

/** `bytes` as messages of `size` bytes, the last one shorter; each a copy with memory of its own. */
export function chunks(bytes: Uint8Array, size: number): Sequence<Uint8Array> {
  const count = Math.ceil(bytes.length / size)
  const offsets = Float64Array.from({ length: count + 1 }, (_, i) => Math.min(i * size, bytes.length))
  // Copies: structured clone of a view would carry the whole buffer beneath it.
  const messages = Array.from({ length: count }, (_, i) => bytes.slice(offsets[i], offsets[i + 1]))
  return { messages, bytes, offsets }
}
