import { deepStrictEqual } from 'node:assert/strict'
import { describe, expect, test } from 'vitest'
import { bytes, type Codec, json, msgpack, struct } from '../src/index.js'
import { encodeAlone, roundTrip } from './codec-harness.js'
import { CODEC_VALUES, type CodecValue, type Outcome } from './codec-values.js'

const refusals = { TypeError, RangeError }

function expectOutcome(codec: Codec, { make, arrives }: CodecValue, outcome: Outcome): void {
  if (outcome === 'carried') {
    const arrived = roundTrip(codec, make())
    // Tells -0 from 0 and compares prototypes.
    deepStrictEqual(arrived, arrives ?? make())
    if (typeof arrived === 'object' && arrived !== null && arrives === undefined) {
      deepStrictEqual(Object.keys(arrived), Object.keys(make() as object))
    }
  } else {
    let thrown: unknown
    try {
      encodeAlone(codec, make())
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(refusals[outcome])
    expect((thrown as Error).message).toContain(`${codec.name} does not carry `)
  }
  // Whatever happened, the codec goes on working.
  deepStrictEqual(roundTrip(codec, { still: ['works'] }), { still: ['works'] })
}

describe('msgpack', () => {
  test.each(CODEC_VALUES)('$name: $msgpack', (entry) => expectOutcome(msgpack(), entry, entry.msgpack))
  test.each(CODEC_VALUES)('$name in an array in an object: $msgpack', (entry) => {
    if (entry.name === '500 levels')
      return expect(() => encodeAlone(msgpack(), { a: [entry.make()] })).toThrow(RangeError)
    const { make, arrives } = entry
    const within = { ...entry, make: () => ({ a: [make()] }) }
    expectOutcome(
      msgpack(),
      arrives === undefined ? within : { ...within, arrives: { a: [arrives] } },
      entry.msgpack,
    )
  })
})

describe('json', () => {
  test.each(CODEC_VALUES)('$name: $json', (entry) => expectOutcome(json(), entry, entry.json))
  test.each(CODEC_VALUES)('$name in an array in an object: $json', (entry) => {
    if (entry.name === '500 levels')
      return expect(() => encodeAlone(json(), { a: [entry.make()] })).toThrow(RangeError)
    const { make, arrives } = entry
    const within = { ...entry, make: () => ({ a: [make()] }) }
    expectOutcome(
      json(),
      arrives === undefined ? within : { ...within, arrives: { a: [arrives] } },
      entry.json,
    )
  })
})

const isBytes = ({ name }: CodecValue): boolean => name.includes('Uint8Array') || name === 'Buffer'

describe('bytes', () => {
  test.each(CODEC_VALUES.filter(isBytes))('$name: carried', ({ make, arrives }) => {
    deepStrictEqual(roundTrip(bytes(), make() as Uint8Array), arrives ?? make())
  })
  test.each(CODEC_VALUES.filter((entry) => !isBytes(entry)))('$name: TypeError', ({ make }) => {
    const codec = bytes()
    expect(() => codec.encode(make() as Uint8Array, new Uint8Array(9), 0)).toThrow(TypeError)
    expect(() => codec.sizeOf?.(make() as Uint8Array)).toThrow(TypeError)
  })
})

describe('struct', () => {
  const types = ['u8', 'i8', 'u16', 'i16', 'u32', 'i32', 'u64', 'i64', 'f32', 'f64', 'bool'] as const
  test.each(CODEC_VALUES)('$name as a message: TypeError', ({ make }) => {
    expect(() => struct({ field: 'u8' }).encode(make() as never, new Uint8Array(99), 0)).toThrow(TypeError)
  })
  test.each(CODEC_VALUES)('$name as a field: arrives unchanged, or TypeError or RangeError', ({ make }) => {
    for (const type of types) {
      const codec = struct({ a: type }) as Codec
      let arrived: unknown
      try {
        arrived = roundTrip(codec, { a: make() })
      } catch (error) {
        expect(error instanceof TypeError || error instanceof RangeError, String(error)).toBe(true)
        continue
      }
      deepStrictEqual(arrived, { a: make() })
    }
  })
})
