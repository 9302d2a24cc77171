import { deepStrictEqual } from 'node:assert/strict'
import { describe, expect, test } from 'vitest'
import { json } from '../src/index.js'
import { encodeAlone, expectPlacement, roundTrip } from './codec-harness.js'

const codec = json()

function decode(text: string | Uint8Array): unknown {
  const source = typeof text === 'string' ? new TextEncoder().encode(text) : text
  return codec.decode(source, 0, source.length)
}

describe('json', () => {
  test('the bytes are the text of JSON.stringify', () => {
    const message = { id: 1, list: ['ä', null, true, 1.5e300], text: '\ud800\u2028"' }
    expect(new TextDecoder().decode(encodeAlone(codec, message))).toBe(JSON.stringify(message))
  })

  test.each([
    { id: 7, price: 99.5, symbol: 'IPC', live: true, quantity: 3000 },
    'x'.repeat(60),
    'ä🍺'.repeat(20),
    'short ä',
    [],
    1,
  ])('message %# fits exactly or not at all, and nothing before start changes', (message) => {
    expectPlacement(codec, message)
    expectPlacement(codec, message, (bytes) => new Uint8Array(new SharedArrayBuffer(bytes)))
  })

  test('decodes from shared memory', () => {
    const message = { text: 'ä'.repeat(100), list: [1, 2] }
    const shared = new Uint8Array(new SharedArrayBuffer(1000))
    deepStrictEqual(codec.decode(shared, 3, codec.encode(message, shared, 3)), message)
  })

  test('only what lies between start and end is read', () => {
    const source = new TextEncoder().encode('[[1,2]]')
    deepStrictEqual(codec.decode(source, 1, 6), [1, 2])
    expect(() => codec.decode(source, 1, 5)).toThrow(SyntaxError)
    expect(() => codec.decode(source, 1, 7)).toThrow(SyntaxError)
    expect(() => codec.decode(source, 2, 2)).toThrow(SyntaxError)
  })

  test.each([
    ['nothing', ''],
    ['two values', '1 2'],
    ['truncated', '{"a":'],
    ['byte order mark', '\ufeff{}'],
    ['NaN', 'NaN'],
    ['single quotes', "'a'"],
    ['not UTF-8', Uint8Array.of(0x22, 0xc3, 0x28, 0x22)],
    ['long and not UTF-8', Uint8Array.from([0x22, ...new Array(100).fill(0x61), 0xff, 0x22])],
    ['overlong NUL', Uint8Array.of(0x22, 0xc0, 0x80, 0x22)],
    ['encoded surrogate', Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22)],
  ])('%s is refused, and decoding goes on working', (_name, text) => {
    expect(() => decode(text)).toThrow()
    deepStrictEqual(decode('[1]'), [1])
  })

  test('a key __proto__ that comes in is an own property and changes no prototype', () => {
    const arrived = decode('{"__proto__":{"polluted":true}}') as object
    expect(Object.getPrototypeOf(arrived)).toBe(Object.prototype)
    expect(Object.keys(arrived)).toEqual(['__proto__'])
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  test('100,000 nested arrays crash nothing', () => {
    const text = '['.repeat(100_000) + ']'.repeat(100_000)
    expect(Array.isArray(decode(text))).toBe(true)
    expect(() => decode('['.repeat(100_000))).toThrow(SyntaxError)
  })

  test('a getter that throws ends encoding with its error, and the codec goes on working', () => {
    const fault = new Error('no')
    const message = {
      get broken(): never {
        throw fault
      },
    }
    expect(() => encodeAlone(codec, message)).toThrow(fault)
    deepStrictEqual(roundTrip(codec, { a: 1 }), { a: 1 })
  })

  test.each([
    [{ items: [1, { price: undefined }] }, 'json does not carry undefined (at message.items[1].price)'],
    [{ at: new Date(0) }, 'json does not carry an instance of Date (at message.at)'],
    [[[1n]], 'json does not carry a bigint (at message[0][0])'],
    [Number.NaN, 'json does not carry NaN (at message)'],
    [{ zero: -0 }, 'json does not carry -0 (at message.zero)'],
  ])('a refusal says what and where: %#', (message, text) => {
    expect(() => encodeAlone(codec, message)).toThrow(text)
  })
})
