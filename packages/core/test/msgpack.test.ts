import { deepStrictEqual } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Packr, pack, unpack } from 'msgpackr'
import { describe, expect, test } from 'vitest'
import { msgpack } from '../src/index.js'
import { encodeAlone, expectPlacement, roundTrip } from './codec-harness.js'

interface Vector {
  readonly msgpack: readonly string[]
  readonly bignum?: string
  readonly binary?: string
  readonly timestamp?: readonly [number, number]
  readonly [type: string]: unknown
}

const codec = msgpack()

const suite = JSON.parse(
  readFileSync(new URL('./vectors/msgpack-test-suite.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, readonly Vector[]>>

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex === '' ? [] : hex.split(/[- ]/), (byte) => Number.parseInt(byte, 16))
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('-')
}

function decode(hex: string): unknown {
  const source = bytesOf(hex)
  return codec.decode(source, 0, source.length)
}

const VECTORS = Object.entries(suite).flatMap(([group, vectors]) =>
  vectors.map((vector) => ({ group, vector, text: JSON.stringify({ ...vector, msgpack: undefined }) })),
)
const ofGroups = (pattern: RegExp): typeof VECTORS => VECTORS.filter(({ group }) => pattern.test(group))

/** What a vector stands for; numbers of 64-bit encodings are bigints, here and in the suite. */
function meaningOf(vector: Vector): unknown {
  if (vector.binary !== undefined) return bytesOf(vector.binary)
  const [type] = Object.keys(vector)
  return type === 'bignum' ? BigInt(vector.bignum ?? '') : vector[type ?? '']
}

describe('msgpack test suite', () => {
  test('has 85 values in 233 encodings', () => {
    expect(VECTORS.length).toBe(85)
    expect(VECTORS.flatMap(({ vector }) => vector.msgpack).length).toBe(233)
  })

  test.each(ofGroups(/^[1-4]/))('$group $text decodes from every encoding', ({ vector }) => {
    const value = meaningOf(vector)
    for (const hex of vector.msgpack) {
      const is64Bits = /^(cf|d3)/.test(hex)
      deepStrictEqual(decode(hex), is64Bits ? BigInt(value as number) : value, hex)
    }
  })

  test.each(ofGroups(/^[1-4]/))('$group $text is encoded as one of its encodings', ({ vector }) => {
    expect(vector.msgpack).toContain(hexOf(encodeAlone(codec, meaningOf(vector))))
    if (vector.bignum !== undefined)
      expect(vector.msgpack).toContain(hexOf(encodeAlone(codec, BigInt(vector.bignum))))
  })

  test.each(ofGroups(/timestamp/))(
    '$text is a Date where it is whole milliseconds, and refused elsewhere',
    ({ vector }) => {
      const [seconds, nanoseconds] = vector.timestamp ?? [0, 0]
      for (const hex of vector.msgpack) {
        if (nanoseconds % 1e6 !== 0) {
          expect(() => decode(hex)).toThrow(TypeError)
          continue
        }
        const date = new Date(seconds * 1000 + nanoseconds / 1e6)
        deepStrictEqual(decode(hex), date)
        deepStrictEqual(roundTrip(codec, date), date)
        // The encoder uses 96 bits from 2106 on, where 64 would do until 2514.
        if (seconds < 2 ** 32) expect(hexOf(encodeAlone(codec, date))).toBe(hex)
      }
    },
  )

  test.each(ofGroups(/ext/))('$text is refused: the extension means nothing here', ({ vector }) => {
    for (const hex of vector.msgpack) expect(() => decode(hex)).toThrow(TypeError)
  })
})

describe('msgpack: decoding what others encoded', () => {
  test.each([
    ['64-bit integer', 'd3 00 00 00 00 00 00 00 05', 5n],
    ['64-bit integer beyond 2 ** 53', 'cf 00 20 00 00 00 00 00 01', 2n ** 53n + 1n],
    ['float32', 'ca 3f 00 00 00', 0.5],
    ['map with number as key', '82 01 a1 61 a1 62 02', { 1: 'a', b: 2 }],
    ['map with the same key twice', '82 a1 61 01 a1 61 02', { a: 2 }],
    ['undefined as msgpackr and notepack write it', 'd4 00 00', undefined],
    ['Float64Array as msgpackr writes it', 'c7 09 74 08 00 00 00 00 00 00 f0 3f', Float64Array.of(1)],
  ])('%s', (_name, hex, value) => deepStrictEqual(decode(hex), value))

  test.each([
    ['nothing', ''],
    ['0xc1', 'c1'],
    ['a byte after the value', '01 02'],
    ['truncated integer', 'cd 01'],
    ['truncated float', 'cb 00 00 00'],
    ['truncated string', 'a3 61 62'],
    ['truncated binary', 'c4 03 01 02'],
    ['truncated array', '92 01'],
    ['truncated map', '81 a1 61'],
    ['map with only a key head', '81 a3'],
    ['string of 4 GiB', 'db ff ff ff ff 61'],
    ['binary of 4 GiB', 'c6 ff ff ff ff 61'],
    ['extension of 4 GiB', 'c9 ff ff ff ff 74 08'],
    ['array of 16 Mi elements', 'dd 01 00 00 00'],
    ['array of 4 Gi elements', 'dd ff ff ff ff 01'],
    ['map of 4 Gi entries', 'df ff ff ff ff a1 61 01'],
    ['string that is not UTF-8', 'a2 c3 28'],
    ['string that ends within a character', 'a1 c3'],
    ['string with an encoded surrogate', 'a3 ed a0 80'],
    ['string with an overlong NUL', 'a2 c0 80'],
    ['long string that is not UTF-8', `d9 64 ${'61 '.repeat(99)}ff`],
    ['string with a byte order mark', 'a4 ef bb bf 61'],
    ['key __proto__', '81 a9 5f 5f 70 72 6f 74 6f 5f 5f 80'],
    ['key __proto__ in another width', '81 da 00 09 5f 5f 70 72 6f 74 6f 5f 5f 80'],
    ['map with nil as key', '81 c0 01'],
    ['map with array as key', '81 90 01'],
    ['map with map as key', '81 80 01'],
    ['map with binary as key', '81 c4 01 61 01'],
    ['record definition of msgpackr', 'd4 72 40 91 a1 61 01'],
    ['reference of msgpackr', 'd6 70 00 00 00 01'],
    ['referenced object of msgpackr', 'd6 69 00 00 00 01 90'],
    ['bundled strings of msgpackr', 'd6 62 00 00 00 01 c0'],
    ['error of msgpackr', 'd4 65 00 92 a5 45 72 72 6f 72 a1 61'],
    ['regular expression of msgpackr', 'd4 78 00 92 a1 61 a0'],
    ['Set of msgpackr', 'd4 73 00 91 01'],
    ['big integer of msgpackr', 'c7 09 42 01 00 00 00 00 00 00 00 00'],
    ['typed array of unknown kind', 'c7 02 74 20 00'],
    ['typed array of no kind', 'c7 00 74'],
    ['Float64Array of 7 bytes', 'c7 08 74 08 00 00 00 00 00 00 00'],
    ['timestamp of 5 bytes', 'c7 05 ff 00 00 00 00 00'],
    ['timestamp of no bytes', 'c7 00 ff'],
    ['timestamp with 2 ** 30 - 1 nanoseconds', 'd7 ff ff ff ff fc 00 00 00 00'],
    ['timestamp after the last Date', 'c7 0c ff 00 00 00 00 00 00 07 db a8 21 80 01'],
    ['undefined with another byte', 'd4 00 01'],
  ])('%s is refused, and decoding goes on working', (_name, hex) => {
    let thrown: unknown
    try {
      decode(hex)
    } catch (error) {
      thrown = error
    }
    expect(thrown instanceof TypeError || thrown instanceof RangeError, String(thrown)).toBe(true)
    deepStrictEqual(decode('92 a1 61 81 a1 62 c3'), ['a', { b: true }])
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  test('100,000 nested arrays are refused', () => {
    const source = new Uint8Array(100_001).fill(0x91)
    source[100_000] = 0xc0
    expect(() => codec.decode(source, 0, source.length)).toThrow(RangeError)
    deepStrictEqual(decode('c3'), true)
  })

  test('100,000 nested maps are refused', () => {
    const source = new Uint8Array(300_000)
    for (let i = 0; i < source.length; i += 3) source.set([0x81, 0xa1, 0x61], i)
    expect(() => codec.decode(source, 0, source.length)).toThrow(RangeError)
    deepStrictEqual(decode('c3'), true)
  })

  test('nested arrays that each claim all that is left make no room for it', () => {
    const bytes = 1_000_000
    const source = new Uint8Array(bytes)
    const view = new DataView(source.buffer)
    for (let at = 0; at + 5 <= bytes; at += 5) {
      source[at] = 0xdd
      view.setUint32(at + 1, bytes - at - 5)
    }
    const before = process.memoryUsage().heapUsed
    expect(() => codec.decode(source, 0, bytes)).toThrow(RangeError)
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(64 * 1_048_576)
  })

  test('only what lies between start and end is read', () => {
    const source = bytesOf('a3 92 01 02 03')
    deepStrictEqual(codec.decode(source, 1, 4), [1, 2])
    expect(() => codec.decode(source, 1, 3)).toThrow(RangeError)
    expect(() => codec.decode(source, 1, 5)).toThrow(RangeError)
    expect(() => codec.decode(source, 0, 1)).toThrow(RangeError)
    expect(() => codec.decode(source, 2, 2)).toThrow(RangeError)
  })
})

describe('msgpack: memory', () => {
  const messages = [
    { id: 7, price: 99.5, symbol: 'IPC', live: true, quantity: 3000 },
    'x'.repeat(40),
    'ä'.repeat(100),
    Array.from({ length: 20 }, (_, i) => i * 1000),
    Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`key${i}`, null])),
    { bytes: new Uint8Array(30), at: new Date(1), big: 2n ** 60n, none: undefined },
    [Float64Array.of(1, 2), -0, { zero: -0 }],
  ]

  test.each(messages)(
    'message %# fits exactly or not at all, and nothing before start changes',
    (message) => {
      expectPlacement(codec, message)
    },
  )

  test.each(messages)('message %# goes through shared memory', (message) => {
    expectPlacement(codec, message, (bytes) => new Uint8Array(new SharedArrayBuffer(bytes)))
    const shared = new Uint8Array(new SharedArrayBuffer(1000))
    deepStrictEqual(codec.decode(shared, 3, codec.encode(message, shared, 3)), message)
  })

  test('what is decoded shares no memory with the source, and is a plain Uint8Array also from a Buffer', () => {
    const message = { bytes: Uint8Array.of(1, 2, 3), floats: Float32Array.of(1), text: 'text'.repeat(30) }
    for (const source of [
      new Uint8Array(300),
      Buffer.alloc(300),
      new Uint8Array(new SharedArrayBuffer(300)),
    ]) {
      const end = codec.encode(message, source, 0)
      const arrived = codec.decode(source, 0, end) as typeof message
      source.fill(0)
      deepStrictEqual(arrived, message)
      expect(arrived.bytes.buffer.byteLength).toBe(3)
    }
  })

  test('bytes that other users of msgpackr packed stay as they are', () => {
    const other = new Packr({ structures: [] })
    const theirs = [pack({ their: 'message' }), other.pack({ id: 1 }), pack('x'.repeat(100))]
    const copies = theirs.map((bytes) => Buffer.from(bytes))
    for (const message of [...messages, 'y'.repeat(3_000_000), ...messages]) {
      encodeAlone(codec, message)
      theirs.push(pack({ again: 'theirs' }))
      copies.push(Buffer.from(theirs.at(-1) ?? []))
    }
    deepStrictEqual(theirs, copies)
    deepStrictEqual(other.unpack(theirs[1] as Buffer), { id: 1 })
  })

  test('memory for a message of 16 MiB is given back', () => {
    const message = 'x'.repeat(16 * 1_048_576)
    const target = new Uint8Array(message.length + 5)
    collectGarbage()
    const before = process.memoryUsage().arrayBuffers
    expect(codec.encode(message, target, 0)).toBe(target.length)
    expect(codec.decode(target, 0, target.length)).toBe(message)
    expect(codec.encode(message, target, 1)).toBe(-1)
    collectGarbage()
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_048_576)
  })
})

describe('msgpack: encoding', () => {
  test('what others decode is the message', () => {
    const message = {
      id: 1,
      list: [1.5, 'ä', null, true, undefined],
      big: 2n ** 60n,
      at: new Date(5),
      zero: -0,
    }
    deepStrictEqual(unpack(encodeAlone(codec, message)), message)
  })

  test('no message depends on an earlier one', () => {
    const record = { id: 1, name: 'a' }
    const first = encodeAlone(codec, record)
    encodeAlone(codec, { name: 'b', id: 2 })
    deepStrictEqual(encodeAlone(codec, record), first)
    deepStrictEqual(msgpack().decode(first, 0, first.length), record)
  })

  test('keys keep their order', () => {
    expect(Object.keys(roundTrip(codec, { z: 1, a: 2, m: 3 }) as object)).toEqual(['z', 'a', 'm'])
  })

  test('a getter that throws ends encoding with its error, and the codec goes on working', () => {
    const fault = new Error('no')
    const message = {
      before: 1,
      get broken(): never {
        throw fault
      },
    }
    expect(() => encodeAlone(codec, message)).toThrow(fault)
    deepStrictEqual(roundTrip(codec, { a: 1 }), { a: 1 })
  })

  test('a getter may encode another message', () => {
    let inner: Uint8Array | undefined
    const message = {
      before: 'x'.repeat(50),
      get nested(): number {
        inner = encodeAlone(codec, { inner: 'y'.repeat(100) })
        return 1
      },
    }
    deepStrictEqual(roundTrip(codec, message), { before: 'x'.repeat(50), nested: 1 })
    deepStrictEqual(inner, encodeAlone(codec, { inner: 'y'.repeat(100) }))
  })

  test.each([
    [{ items: [1, { price: Symbol('s') }] }, 'msgpack does not carry a symbol (at message.items[1].price)'],
    [{ 'a key': new Map() }, 'msgpack does not carry an instance of Map (at message["a key"])'],
    [2n ** 70n, 'msgpack does not carry a bigint of more than 64 bits (at message)'],
    [[Object.create(null)], 'msgpack does not carry an object without prototype (at message[0])'],
  ])('a refusal says what and where: %#', (message, text) => {
    expect(() => encodeAlone(codec, message)).toThrow(text)
  })

  test('a refusal says nothing about the place of a value that a getter makes anew', () => {
    const message = {
      get made(): unknown {
        return () => 1
      },
    }
    expect(() => encodeAlone(codec, message)).toThrow(/^msgpack does not carry a function$/)
  })
})

function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
}
