import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { msgpack } from '../src/index.js'

const codec = msgpack()
/** Encoded bytes of a message in these tests. */
const BYTES = 100_000

/** An array of so many times the same encoded value as fit. */
function arrayOf(unit: Buffer): Buffer {
  const count = Math.floor(BYTES / unit.length)
  const head = Buffer.from([0xdd, 0, 0, 0, 0])
  head.writeUInt32BE(count, 1)
  return Buffer.concat([head, ...Array.from({ length: count }, () => unit)])
}

describe('memory of a decoded message', () => {
  test.each([
    ['empty maps', '80'],
    ['maps with an index of a byte', '817fc0'],
    ['maps with an index of two bytes', '81cd0142c0'],
    ['maps with the index that takes most', '81cd03e8c0'],
    ['maps with a signed index', '81d103e8c0'],
    ['maps with an index of eight bytes', '81cf00000000000003e8c0'],
    ['maps with an index that is a float', '81ca447a0000c0'],
    ['maps with an index that is a double', '81cb408f400000000000c0'],
    ['maps with an index in digits', '81a431303030c0'],
    ['maps with several indices far apart', '83cd03e8c0cd0960c0cd0d48c0'],
  ])('of %s is bounded by its bytes', (_name, unit) => {
    const message = arrayOf(Buffer.from(unit, 'hex'))
    const before = process.memoryUsage().heapUsed
    const decoded = codec.decode(message, 0, message.length) as unknown[]
    // With garbage: nothing is collected on purpose.
    const grown = process.memoryUsage().heapUsed - before
    expect(decoded.length).toBeGreaterThan(1000)
    expect(grown).toBeLessThan(300 * message.length)
  })

  test('of maps with indices far apart has the values that were sent', () => {
    const value = fc.dictionary(
      fc.oneof(
        fc.nat(5000).map(String),
        fc.string({ unit: 'binary-ascii', maxLength: 4 }).filter((key) => key !== '__proto__'),
      ),
      fc.oneof(
        fc.integer(),
        fc.constant(null),
        fc.array(fc.dictionary(fc.nat(3000).map(String), fc.boolean(), { noNullPrototype: true }), {
          maxLength: 4,
        }),
      ),
      { maxKeys: 6, noNullPrototype: true },
    )
    fc.assert(
      fc.property(fc.array(value, { maxLength: 20 }), (message) => {
        const target = new Uint8Array(65_536)
        const end = codec.encode(message, target, 0)
        expect(codec.decode(target, 0, end)).toStrictEqual(message)
      }),
    )
  })
})
