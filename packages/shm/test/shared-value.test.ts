import { bytes, type Codec, json, msgpack, struct } from '@ipc/core'
import { attachRegion, createRegion, mutex, openRegion, type Region, sharedValue } from '@ipc/shm'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { KIND_SHARED_VALUE } from '../src/layout.js'
import { findObject } from '../src/region/objects.js'
import { insideOf } from '../src/region/region.js'
import { VALUE_VERSION } from '../src/value/value-layout.js'
import { failsWith } from './fixtures/lock-stage.js'
import { type TemporaryDirectory, temporaryMemoryDirectory } from './fixtures/temporary-directory.js'
import { isWhole, REGION_BYTES, WHOLE, wholeOf } from './fixtures/value-objects.js'

let place: TemporaryDirectory
let region: Region

beforeEach(() => {
  place = temporaryMemoryDirectory()
  region = openRegion('values', { directory: place.directory, bytes: REGION_BYTES })
})
afterEach(() => {
  vi.restoreAllMocks()
  region.close()
  place.remove()
})

/** The word that counts the sets of a value. */
function versionOf(region: Region, name: string): { words: Int32Array; index: number } {
  const { words } = insideOf(region)
  const found = findObject(insideOf(region), {
    kind: KIND_SHARED_VALUE,
    name,
    parameters: {},
    defaults: {},
    bodyBytes: () => 0,
  })
  return { words, index: (found!.offset + VALUE_VERSION) >> 2 }
}

describe.each([
  ['plain', false],
  ['atomic', true],
])('a value that is copied in %s form', (_form, readOnlyReaders) => {
  test('is undefined and of version 0 before it is set; then every set counts', () => {
    const value = sharedValue(region, 'value', { codec: WHOLE, readOnlyReaders })
    const reader = sharedValue(region, 'value', { codec: WHOLE })
    expect(reader.get()).toBeUndefined()
    expect(reader.version).toBe(0)
    for (let version = 1; version <= 10; version++) {
      value.set(wholeOf(version))
      expect(reader.version).toBe(version)
      expect(reader.get()).toEqual(wholeOf(version))
      expect(value.get()).toEqual(wholeOf(version))
    }
  })

  test.each<[string, unknown, unknown[]]>([
    ['struct', WHOLE, [wholeOf(0), wholeOf(2 ** 32 - 1)]],
    [
      'bytes',
      bytes() as Codec<never>,
      [Uint8Array.of(1, 2, 3), new Uint8Array(0), new Uint8Array(500).fill(7)],
    ],
    ['json', json(), [{ a: [1, 'ä€😀', null, true] }, 'x'.repeat(400), 0, '']],
    ['msgpack', msgpack(), [{ at: new Date(5), n: -0, big: 2n ** 63n }, undefined, null, []]],
  ])('carries what %s carries, in memory of processes and of threads', (_name, codec, messages) => {
    const shared = createRegion(REGION_BYTES)
    for (const [writing, reading] of [
      [region, openRegion('values', { directory: place.directory })],
      [shared, attachRegion(shared.buffer as SharedArrayBuffer)],
    ] as const) {
      const value = sharedValue(writing, 'value', { codec: codec as Codec, maxBytes: 512, readOnlyReaders })
      const reader = sharedValue(reading, 'value', { codec: codec as Codec })
      for (const message of messages) {
        value.set(message)
        expect(reader.get()).toStrictEqual(message)
      }
      reading.close()
    }
  })

  test('comes back as it went in, whatever its size', () => {
    const value = sharedValue(region, 'value', { codec: bytes(), maxBytes: 1021, readOnlyReaders })
    const neighbour = sharedValue(region, 'next', { codec: bytes(), maxBytes: 5 })
    neighbour.set(Uint8Array.of(1, 2, 3, 4, 5))
    const lengths = fc.oneof(
      fc.integer({ min: 0, max: 20 }),
      fc.integer({ min: 250, max: 260 }),
      fc.constant(1021),
    )
    const payloads = lengths.chain((length) => fc.uint8Array({ minLength: length, maxLength: length }))
    fc.assert(
      fc.property(fc.array(payloads, { maxLength: 10 }), (payloads) => {
        for (const payload of payloads) {
          value.set(payload)
          expect(value.get()).toEqual(payload)
        }
      }),
      { numRuns: 50 },
    )
    expect(neighbour.get()).toEqual(Uint8Array.of(1, 2, 3, 4, 5))
  })

  test('is a copy: what get gave does not change when the value is set', () => {
    const value = sharedValue(region, 'value', {
      codec: bytes({ views: true }),
      maxBytes: 8,
      readOnlyReaders,
    })
    const given = Uint8Array.of(1, 2, 3)
    value.set(given)
    given.fill(9)
    const first = value.get()
    for (let i = 0; i < 10; i++) value.set(new Uint8Array(8).fill(i))
    value.get()
    expect(first).toEqual(Uint8Array.of(1, 2, 3))
  })

  test('stays when the next one does not fit', () => {
    const value = sharedValue(region, 'value', { codec: bytes(), maxBytes: 10, readOnlyReaders })
    value.set(new Uint8Array(10).fill(1))
    expect(() => value.set(new Uint8Array(11).fill(2))).toThrow(failsWith('IPC_MESSAGE_TOO_LARGE'))
    expect(() => value.set(new Uint8Array(11))).toThrow(/the value value in region values .* 10 bytes/)
    expect(value.version).toBe(1)
    expect(value.get()).toEqual(new Uint8Array(10).fill(1))
  })

  test('stays when encode throws, whatever it has written', () => {
    const faulty: Codec<number> = {
      name: 'faulty',
      encode(message, target, start) {
        target.fill(message, start)
        if (message > 1) throw new RangeError('no such number')
        return target.length
      },
      decode: (source, start, end) => source.subarray(start, end).reduce((sum, byte) => sum + byte),
    }
    const value = sharedValue(region, 'value', { codec: faulty, maxBytes: 64, readOnlyReaders })
    const seen = sharedValue(region, 'value', { codec: faulty })
    for (let i = 0; i < 6; i++) {
      value.set(1)
      for (let fault = 2; fault < 8; fault++) expect(() => value.set(fault)).toThrow('no such number')
      expect(value.get()).toBe(64)
      expect(seen.get()).toBe(64)
      expect(seen.version).toBe(i + 1)
    }
    const record = sharedValue(region, 'record', { codec: struct({ n: 'u8' }), readOnlyReaders })
    record.set({ n: 1 })
    for (const wrong of [{ n: 256 }, { n: 'x' }, {}, undefined] as never[]) {
      expect(() => record.set(wrong)).toThrow(/struct/)
    }
    expect(record.get()).toEqual({ n: 1 })
  })

  test('of other content than the codec expects is IPC_DECODE_FAILED, and the next one is read', () => {
    const writer: Codec<number> = { name: 'x', encode: (n, target) => target.fill(n).length, decode: () => 0 }
    const reader = { ...struct({ on: 'bool', n: 'u32' }), name: 'x' }
    const value = sharedValue(region, 'value', { codec: writer, maxBytes: 8, readOnlyReaders })
    const read = sharedValue(region, 'value', { codec: reader as Codec<{ on: boolean; n: number }> })
    value.set(7)
    expect(() => read.get()).toThrow(failsWith('IPC_DECODE_FAILED'))
    value.set(0)
    expect(read.get()).toEqual({ on: false, n: 0 })
  })

  test('goes on when the version wraps, and never looks unset again', async () => {
    const value = sharedValue(region, 'value', { codec: WHOLE, readOnlyReaders })
    const reader = sharedValue(region, 'value', { codec: WHOLE })
    const { words, index } = versionOf(region, 'value')
    for (const [from, step] of [
      [2 ** 31 - 3, 1],
      [-4, 1],
    ] as const) {
      words[index] = from
      for (let n = 1; n < 10; n++) {
        const before = value.version
        value.set(wholeOf(n))
        expect(value.version).not.toBe(0)
        if (before !== -1) expect(value.version).toBe((before + step) | 0)
        await reader.changed({ timeoutMs: 1000 })
        expect(reader.get()).toEqual(wholeOf(n))
      }
    }
    expect(value.version).toBeGreaterThan(0)
  })

  test('is read whole however far the writer comes meanwhile, also where the version wraps', () => {
    const value = sharedValue(region, 'value', { codec: WHOLE, readOnlyReaders })
    const reader = sharedValue(region, 'value', { codec: WHOLE })
    const { words, index } = versionOf(region, 'value')
    const load = Atomics.load
    for (const version of [1, 2, 3, 4, 100, 2 ** 31 - 3, -5, -4, -3, -2]) {
      for (let sets = 0; sets <= 6; sets++) {
        words[index] = (version - 1) | 0
        value.set(wholeOf(0))
        // The reader stops behind its first look at the version: then the writer sets some values, and is caught in the
        // middle of the next one.
        const spy = vi.spyOn(Atomics, 'load').mockImplementation(((array: Int32Array, at: number) => {
          const found = load(array, at)
          if (at !== index) return found
          spy.mockRestore()
          for (let n = 1; n <= sets; n++) value.set(wholeOf(n))
          caughtInTheMiddle(() => value.set(wholeOf(sets + 1)))
          return found
        }) as never)
        const found = reader.get()
        expect(found).toSatisfy(isWhole)
        expect(found!.a).toBeLessThanOrEqual(sets)
      }
    }
  })
})

/** Run `set` until it wants to make its value the latest, and no further. */
function caughtInTheMiddle(set: () => void): void {
  const spy = vi.spyOn(Atomics, 'add').mockImplementation(() => {
    throw new Error('killed')
  })
  try {
    set()
  } catch (error) {
    if ((error as Error).message !== 'killed') throw error
  } finally {
    spy.mockRestore()
  }
}

describe('sharedValue', () => {
  test('says what differs: codec, size, form, kind', () => {
    const codec = struct({ n: 'u32' })
    sharedValue(region, 'value', { codec })
    const other = struct({ m: 'u32' })
    const attach = (options: object): unknown => {
      try {
        return sharedValue(region, 'value', { codec, ...options })
      } catch (error) {
        return `${(error as { code?: string }).code}: ${(error as Error).message}`
      }
    }
    const what = 'IPC_PROTOCOL: value in region values has'
    expect(attach({ codec: other })).toBe(
      `${what} schema ${JSON.stringify(codec.name)}, expected ${JSON.stringify(other.name)}`,
    )
    expect(attach({ maxBytes: 8 })).toBe(`${what} maxBytes 4, expected 8`)
    expect(attach({ readOnlyReaders: true })).toBe(`${what} readOnlyReaders 0, expected 1`)
    expect(attach({ readOnlyReaders: false, maxBytes: 4 })).not.toBeTypeOf('string')
    mutex(region, 'lock')
    expect(() => sharedValue(region, 'lock', { codec })).toThrow(/kind mutex, expected sharedValue/)
  })

  test('takes the size that is there, also with a codec of fixed size', () => {
    const codec = struct({ n: 'u32' })
    sharedValue(region, 'wide', { codec, maxBytes: 100 }).set({ n: 7 })
    expect(sharedValue(region, 'wide', { codec }).get()).toEqual({ n: 7 })
  })

  test('refuses options that cannot be right', () => {
    expect(() => sharedValue(region, 'value', { codec: bytes() })).toThrow(/needs maxBytes/)
    expect(() => sharedValue(region, 'value', {} as never)).toThrow(TypeError)
    for (const maxBytes of [0, -1, 1.5, Number.NaN, 2 ** 31]) {
      expect(() => sharedValue(region, 'value', { codec: bytes(), maxBytes })).toThrow(RangeError)
    }
    expect(() => sharedValue(region, 'value', { codec: bytes(), maxBytes: REGION_BYTES })).toThrow(
      failsWith('IPC_OUT_OF_MEMORY'),
    )
    for (const name of ['', 'x'.repeat(53), 5 as never]) {
      expect(() => sharedValue(region, name, { codec: WHOLE })).toThrow(TypeError)
    }
    expect(() => sharedValue({} as never, 'value', { codec: WHOLE })).toThrow(TypeError)
  })

  test('with a codec of a long name that is not ASCII begins unset', () => {
    const codec = { ...bytes(), name: `a${'ä'.repeat(30)}` }
    const value = sharedValue(region, 'value', { codec, maxBytes: 8 })
    expect(value.version).toBe(0)
    expect(value.get()).toBeUndefined()
    expect(sharedValue(region, 'value', { codec }).get()).toBeUndefined()
  })
})
