import { Packr, Unpackr } from 'msgpackr'
import type { Codec } from './codec.js'
import { checkMessage, NEGATIVE_ZEROS, TYPED_ARRAYS } from './msgpack-check.js'
import { withNegativeZeros } from './msgpack-negative-zeros.js'
import { MessageScan } from './msgpack-scan.js'
import { refusalError } from './refusal.js'

/**
 * {@link https://msgpack.org MessagePack}, by msgpackr: compact, quick, and read by every language. The default of
 * transports that carry bytes.
 *
 * Carried: `undefined`, `null`, booleans, numbers (-0 and `NaN` too), bigints of 64 bits, well-formed strings, valid
 * dates, typed arrays (a Node `Buffer` arrives as `Uint8Array`), arrays and plain objects of these. Everything else,
 * Maps, class instances, functions, cycles, holes in arrays, ..., is a TypeError or RangeError, and never changed
 * silently. The whole table is in CODECS.md.
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
/** Memory for one message at a time, here and in msgpackr. Larger ones get their own and give it back. */
const SCRATCH_BYTES = 65_536

type Packed = Uint8Array & { readonly start: number; readonly end: number }

// Stateless: no records, no shared structures. `variableMapSize` writes the shortest head of a map.
const options = { useRecords: false, variableMapSize: true, copyBuffers: true }
const packr = new Packr(options)
// Writes all typed arrays as extensions, Uint8Array included, which the other one writes as the standard's binary.
const typedPackr = new Packr({ ...options, moreTypes: true })
const unpackr = new Unpackr(options)
const scan = new MessageScan()
const packrScratch = new Uint8Array(SCRATCH_BYTES)
const unpackScratch = new Uint8Array(SCRATCH_BYTES)

const MSGPACK: Codec = Object.freeze({
  name: 'msgpack',
  encode(message: unknown, target: Uint8Array, start: number): number {
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
    if (end > target.length) return -1
    target.set(packed.subarray(packed.start, packed.end), start)
    return end
  },
  decode(source: Uint8Array, start: number, end: number): unknown {
    const length = end - start
    // A copy first: the peer may still write to shared memory, and what was checked must be what is read.
    const copy = length <= SCRATCH_BYTES ? unpackScratch : new Uint8Array(length)
    copy.set(source.subarray(start, end))
    scan.check(copy, length)
    return unpackr.unpack(copy, { start: 0, end: length })
  },
})

function pack(writer: Packr, message: unknown): Packed {
  // Always at the start of the same memory; if it is too small, msgpackr goes on in memory of its own.
  writer.useBuffer(packrScratch as never)
  return writer.pack(message, REUSE_BUFFER_MODE) as unknown as Packed
}
