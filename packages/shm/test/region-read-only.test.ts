import { readdirSync, readFileSync } from 'node:fs'
import { openRegion, type ReadOnlyRegion, removeRegion } from '@ipc/shm'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { failsWith, RegionStage } from './fixtures/region-stage.js'

const stage = new RegionStage()
afterEach(() => stage.clear())
afterAll(() => stage.end())

function openReadOnly(name: string, more: object = {}): ReadOnlyRegion {
  return openRegion(name, { directory: stage.directory, access: 'read-only', ...more })
}

describe('a region opened read-only', () => {
  test('reads what others write, as copies', () => {
    const { bytes } = stage.open('numbers', { bytes: 100, schema: 'bytes' })
    const reader = openReadOnly('numbers')
    expect(reader).toMatchObject({ name: 'numbers', sizeBytes: 100, schema: 'bytes', closed: false })
    bytes.set([1, 2, 3], 97)
    const copy = reader.read(97, 100)
    expect(copy).toEqual(Uint8Array.of(1, 2, 3))
    copy.fill(9)
    bytes[97] = 4
    expect(reader.read(96, 100)).toEqual(Uint8Array.of(0, 4, 2, 3))
    expect(reader.read(0, 100)).toEqual(bytes)
    expect(reader.read(100, 100)).toEqual(new Uint8Array(0))
    reader.close()
  })

  test('loads int32 that others store', () => {
    const { buffer, byteOffset } = stage.open('numbers', { bytes: 99 }).bytes
    const words = new Int32Array(buffer, byteOffset, 24)
    const reader = openReadOnly('numbers')
    for (const value of [1, -1, 2 ** 31 - 1, -(2 ** 31)]) {
      Atomics.store(words, 23, value)
      expect(reader.loadInt32(92)).toBe(value)
      Atomics.store(words, 0, value)
      expect(reader.loadInt32(0)).toBe(value)
    }
    reader.close()
  })

  test('refuses places outside, and such that cannot be right', () => {
    stage.open('numbers', { bytes: 99 })
    const reader = openReadOnly('numbers')
    const ranges = [
      [-1, 1],
      [0, 100],
      [2, 1],
      [0.5, 1],
      [0, Number.NaN],
      [100, 100],
      [0, Number.POSITIVE_INFINITY],
    ] as const
    for (const [start, end] of ranges) expect(() => reader.read(start, end)).toThrow(RangeError)
    for (const offset of [-4, 96, 100, 2, 1.5, Number.NaN, -128]) {
      expect(() => reader.loadInt32(offset)).toThrow(RangeError)
    }
    stage.open('tiny', { bytes: 3 })
    const tiny = openReadOnly('tiny')
    expect(tiny.read(0, 3)).toEqual(new Uint8Array(3))
    expect(() => tiny.loadInt32(0)).toThrow(RangeError)
    for (const region of [reader, tiny]) region.close()
  })

  test('stays readable when it was removed, and throws IPC_CLOSED when it was closed', () => {
    stage.open('numbers', { bytes: 8 }).bytes[0] = 5
    const reader = openReadOnly('numbers')
    removeRegion('numbers', stage)
    expect(reader.loadInt32(0)).toBe(5)
    reader.close()
    reader.close()
    expect(reader.closed).toBe(true)
    expect(() => reader.read(0, 1)).toThrow(failsWith('IPC_CLOSED'))
    expect(() => reader.loadInt32(0)).toThrow(failsWith('IPC_CLOSED'))
  })

  test('cannot be created so, nor with another schema or access; nothing is made', () => {
    expect(() => openReadOnly('missing')).toThrow(failsWith('IPC_CONNECT_FAILED'))
    const directory = `${stage.directory}/missing`
    expect(() => openReadOnly('missing', { directory })).toThrow(failsWith('IPC_CONNECT_FAILED'))
    expect(() => openReadOnly('missing', { bytes: 8 })).toThrow(TypeError)
    expect(() => openReadOnly('missing', { bytes: undefined })).toThrow(TypeError)
    expect(() => openReadOnly('missing', { access: 'read-write' })).toThrow(TypeError)
    expect(readdirSync(stage.directory)).toEqual([])
    stage.open('there', { bytes: 8, schema: 'a' })
    expect(() => openReadOnly('there', { schema: 'b' })).toThrow(/schema "a", expected "b"/)
  })

  test('is mapped without the right to write: who finds the addresses all the same dies by SIGSEGV', async () => {
    stage.open('protected', { bytes: 8192 })
    const reader = openReadOnly('protected')
    const maps = readFileSync('/proc/self/maps', 'utf8').split('\n')
    const rights = maps.filter((line) => line.endsWith('/protected.region')).map((line) => line.split(' ')[1])
    expect(rights).toEqual(['r--s'])
    const peer = await stage.peer()
    await peer.call('openReadOnly', 'protected', { directory: stage.directory, access: 'read-only' })
    await expect(peer.call('writeByForce', '/protected.region')).rejects.toThrow('SIGSEGV')
    expect(reader.read(0, 8192)).toEqual(new Uint8Array(8192))
    reader.close()
  })
})
