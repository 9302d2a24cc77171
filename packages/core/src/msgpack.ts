import { type Options, Packr, Unpackr } from 'msgpackr'
import type { Codec } from './codec.js'
import { checkMessage, NEGATIVE_ZEROS, TYPED_ARRAYS } from './msgpack-check.js'
import { withNegativeZeros } from './msgpack-negative-zeros.js'
import { MessageScan } from './msgpack-scan.js'
import { withoutMaps } from './msgpack-sparse-maps.js'
import { refusalError } from './refusal.js'

/**
 * {@link https://msgpack.org MessagePack}, by msgpackr: compact, quick, and read by every language. The default of
 * transports that carry bytes.
 *
 * Carried: `undefined`, `null`, booleans, numbers (-0 and `NaN` too), bigints of 64 bits, strings, valid dates, typed
 * arrays (a Node `Buffer` arrives as `Uint8Array`), arrays and plain objects of these. Everything else, Maps, class
 * instances, functions, cycles, holes in arrays, strings with lone surrogates, ..., is a TypeError or RangeError, and
 * never changed silently. The whole table, and how the bytes look, is in CODECS.md.
 *
 * @example
 * ```ts
 * import { msgpack } from '@ipc/core'
 *
 * const codec = msgpack<{ id: number; at: Date }>()
 * const target = new Uint8Array(256)
 * const end = codec.encode({ id: 1, at: new Date() }, target, 0)
 * codec.decode(target, 0, end) // { id: 1, at: 2026-... }
 * ```
 */
export function msgpack<T = unknown>(): Codec<T> {
  return MSGPACK as Codec<never> as Codec<T>
}

/** Ask `pack` for its buffer, with where the message lies in it, instead of a view of it: msgpackr's constant. */
const REUSE_BUFFER_MODE = 512
/** Ask `pack` to write the next message over this one, which is copied by then: msgpackr's constant. */
const RESET_BUFFER_MODE = 1024
/** msgpackr grows its buffer as messages do; one that became larger than this is given up. */
const MAX_KEPT_BYTES = 1_048_576
const FIRST_BUFFER_BYTES = 8192
/** Messages up to this size are decoded in memory that is kept. */
const SCRATCH_BYTES = 65_536

type Packed = Uint8Array & { readonly start: number; readonly end: number }

// Marked as pure, all of them: a page that uses another codec need not load this one, nor msgpackr.

// Stateless: no records, no shared structures. `variableMapSize` writes the shortest head of a map.
const options: Options = { useRecords: false, variableMapSize: true, copyBuffers: true, useToJSON: false }
const packr = /* @__PURE__ */ new Packr(options)
// Writes all typed arrays as extensions, Uint8Array included, which the other one writes as the standard's binary.
const typedPackr = /* @__PURE__ */ new Packr(/* @__PURE__ */ optionsWith({ moreTypes: true }))
const unpackr = /* @__PURE__ */ new Unpackr(options)
/** For messages whose objects would take far more memory than what they hold. */
const mapUnpackr = /* @__PURE__ */ new Unpackr(/* @__PURE__ */ optionsWith({ mapsAsObjects: false }))
const scan = /* @__PURE__ */ new MessageScan()
const scratch = /* @__PURE__ */ new Uint8Array(SCRATCH_BYTES)
const NIL = /* @__PURE__ */ Uint8Array.of(0xc0)

const MSGPACK: Codec = /* @__PURE__ */ Object.freeze({
  name: 'msgpack',
  encode(message: unknown, target: Uint8Array, start: number, limit: number = target.length): number {
    let special: number
    try {
      special = checkMessage(message, 0)
    } catch (error) {
      throw refusalError('msgpack', message, error)
    }
    const writer = (special & TYPED_ARRAYS) === 0 ? packr : typedPackr
    const packed =
      (special & NEGATIVE_ZEROS) === 0
        ? pack(writer, message)
        : withNegativeZeros(message, (other) => pack(writer, other))
    const end = start + packed.end - packed.start
    const fits = end <= limit
    if (fits) target.set(packed.subarray(packed.start, packed.end), start)
    if (packed.length > MAX_KEPT_BYTES) shrink(writer, packed)
    return fits ? end : -1
  },
  decode(source: Uint8Array, start: number, end: number): unknown {
    if (end - start <= SCRATCH_BYTES) return unpack(source, start, end, scratch)
    try {
      return unpack(source, start, end, new Uint8Array(end - start))
    } finally {
      // msgpackr and the scan hold on to what they read last: let that be little.
      unpack(NIL, 0, 1, scratch)
    }
  },
})

function optionsWith(more: Options): Options {
  return { ...options, ...more }
}

/** Decode a copy: the peer may still write to shared memory, and what was checked must be what is read. */
function unpack(source: Uint8Array, start: number, end: number, copy: Uint8Array): unknown {
  copy.set(source.subarray(start, end))
  if (!scan.check(copy, end - start)) return unpackr.unpack(copy, end - start)
  const value: unknown = withoutMaps(mapUnpackr.unpack(copy, end - start))
  // It holds on to what it read last as well.
  mapUnpackr.unpack(NIL, 1)
  return value
}

function pack(writer: Packr, message: unknown): Packed {
  // In the buffer that all users of msgpackr in this process share, behind what others still hold views of.
  return writer.pack(message, REUSE_BUFFER_MODE | RESET_BUFFER_MODE) as unknown as Packed
}

/** Give msgpackr a small buffer of the same class (Node's `Buffer` where there is one) in place of a large one. */
function shrink(writer: Packr, large: Uint8Array): void {
  writer.useBuffer(Uint8Array.prototype.slice.call(large, 0, FIRST_BUFFER_BYTES) as never)
}
