import { deepStrictEqual } from 'node:assert/strict'
import { describe, expect, test } from 'vitest'
import { bytes } from '../src/index.js'
import { expectPlacement } from './codec-harness.js'

const codec = bytes()

describe('bytes', () => {
  test.each([0, 1, 7, 8, 31, 32, 64, 65])('message of %i bytes fits exactly or not at all', (length) => {
    const message = Uint8Array.from({ length }, (_, i) => i + 1)
    expectPlacement(codec, message)
    expectPlacement(codec, message, (size) => new Uint8Array(new SharedArrayBuffer(size)))
    expect(codec.sizeOf?.(message)).toBe(length)
  })

  test('encoding copies: the message may change at once', () => {
    const message = Uint8Array.of(1, 2, 3)
    const target = new Uint8Array(3)
    codec.encode(message, target, 0)
    message.fill(9)
    expect([...target]).toEqual([1, 2, 3])
  })

  test.each([
    ['Uint8Array', () => new Uint8Array(16)],
    ['Uint8Array over shared memory', () => new Uint8Array(new SharedArrayBuffer(16))],
    ['Buffer of the pool', () => Buffer.from(new Array(16).fill(0))],
    ['part of a Uint8Array', () => new Uint8Array(64).subarray(20, 36)],
  ])('what is decoded from a %s is a plain Uint8Array with a buffer of its own', (_name, make) => {
    const source = make()
    source.set([1, 2, 3], 5)
    const arrived = codec.decode(source, 5, 8)
    source.fill(0)
    deepStrictEqual(arrived, Uint8Array.of(1, 2, 3))
    expect(arrived.buffer).toBeInstanceOf(ArrayBuffer)
    expect(arrived.buffer.byteLength).toBe(3)
  })

  test('a message may overlap the target it is encoded into', () => {
    const target = Uint8Array.of(1, 2, 3, 4, 5, 6)
    expect(codec.encode(target.subarray(0, 4), target, 2)).toBe(6)
    expect([...target]).toEqual([1, 2, 1, 2, 3, 4])
  })

  test('a refusal says what it got', () => {
    expect(() => codec.encode('text' as never, new Uint8Array(9), 0)).toThrow(
      'bytes carries Uint8Array, got [object String]',
    )
    expect(() => codec.sizeOf?.(new Float64Array(1) as never)).toThrow('got [object Float64Array]')
  })
})
