import { estimateBytes, primitiveBytes } from './estimate-bytes.js'
import { MOVE_BYTES } from './slab.js'

/** A message as it was when it was sent, in memory that nobody else writes. */
export interface Snapshot {
  readonly value: unknown
  /** Size of the message; an estimate, see {@link estimateBytes}. */
  readonly bytes: number
  /** What may, or has to, be transferred when the value travels. */
  readonly transfer: readonly object[] | undefined
}

/** Larger messages are faster to copy by structured clone. */
const MOST_OBJECTS = 64
/** For longer arrays it costs less to clone than to find out that they are plain. */
const LONGEST_ARRAY = 16

/** Stands for a value that only structured clone copies faithfully. */
const OTHER: unique symbol = Symbol('other')

interface Walk {
  bytes: number
  readonly seen: object[]
  transfer: object[] | undefined
}

/**
 * Copy a message. Small plain ones are copied here, everything else by structured clone; the result is the same, except
 * that a typed array arrives in memory of its own, not with all of the buffer that it was a view of.
 *
 * @throws TypeError when the message cannot be cloned; `cause` is the `DataCloneError`.
 */
export function snapshot(message: unknown, transfer: readonly object[] | undefined): Snapshot {
  if (transfer === undefined || transfer.length === 0) {
    const walk: Walk = { bytes: 0, seen: [], transfer: undefined }
    const value = copyValue(message, walk)
    if (value !== OTHER) return { value, bytes: walk.bytes, transfer: walk.transfer }
    const cloned = clone(message, undefined)
    return { value: cloned, bytes: estimateBytes(cloned), transfer: undefined }
  }
  // Both in one: the list then names what has become of its members in the copy, to be moved on from there.
  const moved = clone({ message, transfer }, transfer) as { message: unknown; transfer: object[] }
  return { value: moved.message, bytes: estimateBytes(moved.message), transfer: moved.transfer }
}

function clone(value: unknown, transfer: readonly object[] | undefined): unknown {
  try {
    return structuredClone(value, transfer && { transfer: [...transfer] as never })
  } catch (cause) {
    throw new TypeError(
      `message cannot be cloned: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    )
  }
}

function copyValue(value: unknown, walk: Walk): unknown {
  if (typeof value === 'object' && value !== null) return copyObject(value, walk)
  if (typeof value === 'function' || typeof value === 'symbol') return OTHER
  walk.bytes += primitiveBytes(value)
  return value
}

function copyObject(object: object, walk: Walk): unknown {
  // The same object twice, or within itself, has to arrive as the same object.
  if (walk.seen.length >= MOST_OBJECTS || walk.seen.includes(object)) return OTHER
  walk.seen.push(object)
  const prototype: unknown = Object.getPrototypeOf(object)
  if (prototype === Object.prototype || prototype === null) return copyPlain(object, walk)
  if (prototype === Array.prototype && Array.isArray(object)) return copyArray(object, walk)
  return ArrayBuffer.isView(object) ? copyView(object, walk) : OTHER
}

function copyPlain(object: object, walk: Walk): unknown {
  // Getters run once, as they do in structured clone.
  const copy: Record<string, unknown> = { ...object }
  walk.bytes += 8
  for (const key of Object.keys(copy)) {
    walk.bytes += key.length
    const value = copyValue(copy[key], walk)
    if (value === OTHER) return OTHER
    if (typeof value === 'object') copy[key] = value
  }
  return copy
}

function copyArray(array: readonly unknown[], walk: Walk): unknown {
  const { length } = array
  if (length > LONGEST_ARRAY) return OTHER
  // Holes make for fewer keys than elements, properties with names for more.
  if (Object.keys(array).length !== length) return OTHER
  const copy: unknown[] = []
  walk.bytes += 8
  for (let i = 0; i < length; i++) {
    const value = copyValue(array[i], walk)
    if (value === OTHER) return OTHER
    copy.push(value)
  }
  return copy
}

type TypedArrayMaker = new (
  from: ArrayBufferView,
) => { readonly buffer: ArrayBufferLike; readonly byteLength: number }

const TYPED_ARRAYS: ReadonlyMap<unknown, TypedArrayMaker> = new Map(
  [
    Uint8Array,
    Uint8ClampedArray,
    Int8Array,
    Uint16Array,
    Int16Array,
    Uint32Array,
    Int32Array,
    Float32Array,
    Float64Array,
    BigUint64Array,
    BigInt64Array,
  ].map((make) => [make.name, make as unknown as TypedArrayMaker]),
)

function copyView(view: ArrayBufferView, walk: Walk): unknown {
  // The tag is the kind of a typed array also for Buffer and other subclasses; a DataView has none of these.
  const make = TYPED_ARRAYS.get((view as { [Symbol.toStringTag]?: string })[Symbol.toStringTag])
  // What lies in shared memory stays shared.
  if (make === undefined || !(view.buffer instanceof ArrayBuffer)) return OTHER
  const copy = new make(view)
  walk.bytes += copy.byteLength
  if (copy.byteLength >= MOVE_BYTES) {
    walk.transfer ??= []
    walk.transfer.push(copy.buffer)
  }
  return copy
}
