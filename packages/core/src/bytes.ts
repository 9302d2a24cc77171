import type { Codec } from './codec.js'
import { copyBytes, isDetached, kindOfTypedArray } from './typed-array.js'

/**
 * Messages that are bytes already. Nothing is added on the wire; an empty array is a message too.
 *
 * | value | |
 * |---|---|
 * | `Uint8Array`, also over shared or resizable memory | carried |
 * | subclasses of it, such as Node's `Buffer` | carried, arrive as `Uint8Array` |
 * | anything else, also other views, `ArrayBuffer`, and views whose memory is gone | TypeError |
 *
 * The bytes are copied on both sides: what `decode` returns has a buffer of its own, exactly as large. With `views`, a
 * listener of `onMessage` gets the bytes where they lie, in shared memory or in the buffer of a socket, without a copy:
 * they are valid until it returns. A message that waited to be read is a copy all the same. Both sides choose for
 * themselves.
 *
 * @example
 * ```ts
 * import { bytes } from '@ipc/core'
 *
 * const codec = bytes()
 * const target = new Uint8Array(16)
 * const end = codec.encode(Uint8Array.of(1, 2, 3), target, 4) // 7
 * codec.decode(target, 4, end) // Uint8Array [1, 2, 3]
 * ```
 */
export function bytes({ views = false }: BytesOptions = {}): Codec<Uint8Array> {
  return views ? VIEWS : BYTES
}

/** Options of {@link bytes}. */
export interface BytesOptions {
  /**
   * Give listeners of `onMessage` views that are valid until they return, instead of copies.
   *
   * @default false
   */
  readonly views?: boolean | undefined
}

const BYTES: Codec<Uint8Array> = /* @__PURE__ */ Object.freeze({
  name: 'bytes',
  sizeOf(message: Uint8Array): number {
    check(message)
    return message.length
  },
  encode(message: Uint8Array, target: Uint8Array, start: number, limit: number = target.length): number {
    check(message)
    const end = start + message.length
    if (end > limit) return -1
    target.set(message, start)
    return end
  },
  decode: copyBytes,
})

const VIEWS: Codec<Uint8Array> = /* @__PURE__ */ Object.freeze({
  ...BYTES,
  // `subarray` would make another of the source's kind, a Node `Buffer` say, which takes several times as long.
  view: (source: Uint8Array, start: number, end: number): Uint8Array =>
    new Uint8Array(source.buffer, source.byteOffset + start, end - start),
})

function check(message: unknown): void {
  if (kindOfTypedArray.call(message) !== 'Uint8Array') {
    throw new TypeError(`bytes carries Uint8Array, got ${Object.prototype.toString.call(message)}`)
  }
  if (isDetached(message as Uint8Array))
    throw new TypeError('bytes does not carry a view whose memory is gone')
}
