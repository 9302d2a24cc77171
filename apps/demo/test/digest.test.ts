import { describe, expect, test } from 'vitest'
import { Digest } from '../src/digest.js'

function digestOf(...pieces: readonly string[]): string {
  const digest = new Digest()
  for (const piece of pieces) digest.update(Buffer.from(piece))
  return digest.finish()
}

describe('Digest', () => {
  test('has 128 bits', () => {
    expect(digestOf('abc')).toMatch(/^[0-9a-f]{32}$/)
  })

  test('is the same however the stream is cut', () => {
    expect(digestOf('one', '', 'two', 'three')).toBe(digestOf('onetwothree'))
  })

  test('differs when a piece is lost, repeated, or in another place', () => {
    const whole = digestOf('one', 'two', 'three')
    expect(digestOf('one', 'three')).not.toBe(whole)
    expect(digestOf('one', 'two', 'two', 'three')).not.toBe(whole)
    expect(digestOf('two', 'one', 'three')).not.toBe(whole)
    expect(digestOf('one', 'two', 'threE')).not.toBe(whole)
  })

  test('differs when zeros are missing at the end', () => {
    expect(digestOf('abc\0')).not.toBe(digestOf('abc'))
  })
})
