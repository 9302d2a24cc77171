import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { bytes, type Codec, json, msgpack, struct } from '../src/index.js'
import { encodeAlone, roundTrip } from './codec-harness.js'

// A watchdog only: these take a second or two.
vi.setConfig({ testTimeout: 60_000 })

const CODECS: readonly Codec[] = [msgpack(), json()]

const text = fc.string({ unit: 'grapheme', maxLength: 100 }).filter((value) => !value.startsWith('\ufeff'))

const carriedByMsgpack = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    fc.constantFrom(null, undefined, true, false, -0, 2 ** 53),
    fc.double(),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
    text,
    fc.string({ unit: 'grapheme-ascii', maxLength: 300 }),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array({ maxLength: 300 }),
    fc.float64Array(),
    fc.bigInt64Array(),
    fc.int16Array(),
    fc.array(tie('value')),
    fc
      .dictionary(
        text.filter((key) => key !== '__proto__'),
        tie('value'),
      )
      .map((object) => ({ ...object })),
  ),
})).value

/** All sorts of things that JavaScript knows. */
const anything = fc.anything({
  withBigInt: true,
  withBoxedValues: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withSet: true,
  withSparseArray: true,
  withTypedArray: true,
  stringUnit: 'binary',
})

/** The value that arrives; `undefined` in a box where the codec refused it. */
function attempt(codec: Codec, message: unknown): { arrived: unknown } | undefined {
  try {
    return { arrived: roundTrip(codec, message) }
  } catch (error) {
    expect(error instanceof TypeError || error instanceof RangeError, String(error)).toBe(true)
    return undefined
  }
}

describe('msgpack', () => {
  test('carries every value of the types it says it carries', () => {
    fc.assert(
      fc.property(carriedByMsgpack, (message) => {
        deepStrictEqual(roundTrip(msgpack(), message), message)
      }),
      { numRuns: 1000 },
    )
  })

  test('what decodes, whatever the bytes, is carried again', () => {
    const codec = msgpack()
    fc.assert(
      fc.property(
        carriedByMsgpack,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
        fc.nat(3),
        (message, changes, cut) => {
          const source = mutate(encodeAlone(codec, message), changes, cut)
          const first = attemptDecode(codec, source)
          if (first !== undefined) deepStrictEqual(roundTrip(codec, first.message), first.message)
          deepStrictEqual(roundTrip(codec, { still: ['works'] }), { still: ['works'] })
        },
      ),
      { numRuns: 1000 },
    )
  })
})

describe('json', () => {
  test('carries every JSON value but -0', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (message) => {
        const attempted = attempt(json(), message)
        if (attempted === undefined) expect(hasNegativeZeroOrProto(message)).toBe(true)
        else deepStrictEqual(attempted.arrived, message)
      }),
      { numRuns: 1000 },
    )
  })
})

describe.each(CODECS)('$name', (codec) => {
  test('carries anything as it is, or refuses it with a TypeError or RangeError', () => {
    fc.assert(
      fc.property(anything, (message) => {
        const attempted = attempt(codec, message)
        if (attempted !== undefined) deepStrictEqual(attempted.arrived, message)
      }),
      { numRuns: 1000 },
    )
  })

  test('random bytes decode or throw an error, and decoding goes on working', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (source) => {
        attemptDecode(codec, source)
        deepStrictEqual(roundTrip(codec, { still: ['works'] }), { still: ['works'] })
      }),
      { numRuns: 1000 },
    )
  })
})

describe('bytes and struct', () => {
  test('random bytes are what they are, or throw an error', () => {
    const record = struct({ id: 'u32', live: 'bool', price: 'f64' })
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (source) => {
        deepStrictEqual(roundTrip(bytes(), source), source)
        const decoded = attemptDecode(record as Codec, source)
        expect(decoded === undefined || source.length === record.sizeBytes).toBe(true)
        if (decoded !== undefined)
          deepStrictEqual(roundTrip(record as Codec, decoded.message), decoded.message)
      }),
      { numRuns: 1000 },
    )
  })
})

function attemptDecode(codec: Codec, source: Uint8Array): { message: unknown } | undefined {
  try {
    return { message: codec.decode(source, 0, source.length) }
  } catch (error) {
    expect(error).toBeInstanceOf(Error)
    return undefined
  }
}

/** Change bytes, and drop some at the end. */
function mutate(
  source: Uint8Array,
  changes: readonly (readonly [number, number])[],
  cut: number,
): Uint8Array {
  const changed = source.slice(0, Math.max(0, source.length - (cut === 3 ? source.length >> 1 : cut)))
  for (const [at, byte] of changes) if (changed.length > 0) changed[at % changed.length] = byte
  return changed
}

function hasNegativeZeroOrProto(value: unknown): boolean {
  if (Object.is(value, -0)) return true
  if (typeof value !== 'object' || value === null) return false
  return Object.hasOwn(value, '__proto__') || Object.values(value).some(hasNegativeZeroOrProto)
}
