/**
 * Turns messages into bytes and back. Stateless: every message stands alone, so it can be replayed, reordered by a
 * queue, or read by another process.
 *
 * Transports call it on their hot path, straight into the memory that travels (a ring record, a send slab). Write
 * your own by implementing these members; both sides of a connection need the same `name`.
 *
 * @example A codec of your own
 * ```ts
 * import type { Codec } from '@ipc/core'
 *
 * const utf8 = new TextEncoder()
 * const text: Codec<string> = {
 *   name: 'text',
 *   encode(message, target, start, end = target.length) {
 *     const { read, written } = utf8.encodeInto(message, target.subarray(start, end))
 *     return read === message.length ? start + written : -1
 *   },
 *   decode: (source, start, end) => new TextDecoder().decode(source.subarray(start, end)),
 * }
 * ```
 */
export interface Codec<In = unknown, Out = In> {
  /** Announced when a connection is set up; sides with different names refuse each other (`IPC_PROTOCOL`). */
  readonly name: string
  /**
   * The exact encoded size in bytes, where it is known without encoding. Transports then reserve just that much.
   *
   * @throws TypeError when the message is not one this codec carries.
   */
  sizeOf?(message: Out): number
  /**
   * Write `message` into `target[start, end)`; return the index after its last byte, or `-1` when it does not fit
   * (those bytes may then be anything). Never writes before `start`, nor at `end` or behind it.
   *
   * @param end - `target.length` if it is not given.
   * @throws TypeError | RangeError when the message is not one this codec carries; nothing is sent then.
   */
  encode(message: Out, target: Uint8Array, start: number, end?: number): number
  /**
   * Read the message that lies in `source[start, end)`. The result never aliases `source`, whose memory is reused.
   * Any error thrown becomes `IPC_DECODE_FAILED` for that message; the connection lives.
   */
  decode(source: Uint8Array, start: number, end: number): In
  /**
   * As `decode`, but the result may alias `source`: connections use it for a message that goes to the listeners of
   * `onMessage` at once, for whom it is valid until they return. What is read otherwise is decoded.
   */
  view?(source: Uint8Array, start: number, end: number): In
}
