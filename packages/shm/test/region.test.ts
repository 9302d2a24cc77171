import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { isIpcError } from '@ipc/core'
import { attachRegion, createRegion, listRegions, openRegion, removeRegion } from '@ipc/shm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { REGION_VERSION } from '../src/layout.js'
import { type TemporaryDirectory, temporaryDirectory } from './fixtures/temporary-directory.js'

let place: TemporaryDirectory
let options: { directory: string }

beforeEach(() => {
  place = temporaryDirectory()
  options = { directory: place.directory }
})
afterEach(() => place.remove())

const failsWith = (code: Parameters<typeof isIpcError>[1]) =>
  expect.toSatisfy((error) => isIpcError(error, code))

describe('createRegion', () => {
  test('gives zeros that another attachRegion of the buffer sees change', () => {
    const region = createRegion(100)
    expect(region.bytes).toEqual(new Uint8Array(100))
    region.bytes[99] = 42
    expect(attachRegion(region.buffer as SharedArrayBuffer).bytes[99]).toBe(42)
  })

  test('refuses a size that cannot be right', () => {
    for (const bytes of [0, -1, 1.5, Number.NaN, 2 ** 31])
      expect(() => createRegion(bytes)).toThrow(RangeError)
  })
})

describe('attachRegion', () => {
  test('refuses what is no region', () => {
    expect(() => attachRegion(new ArrayBuffer(1024) as never)).toThrow(TypeError)
    expect(() => attachRegion(new SharedArrayBuffer(64))).toThrow(failsWith('IPC_PROTOCOL'))
    expect(() => attachRegion(new SharedArrayBuffer(1024))).toThrow(failsWith('IPC_PROTOCOL'))
  })

  test('refuses a region of another layout version, and says which', () => {
    const { buffer } = createRegion(8)
    new Int32Array(buffer)[REGION_VERSION >> 2] = 99
    expect(() => attachRegion(buffer as SharedArrayBuffer)).toThrow(/version 99/)
  })
})

describe('openRegion', () => {
  test('gives the same memory to whoever opens the name, until it is removed', () => {
    const first = openRegion('numbers', { ...options, bytes: 1000 })
    const second = openRegion('numbers', options)
    first.bytes[500] = 7
    expect(second.bytes[500]).toBe(7)
    expect(second.bytes.length).toBe(1000)
    expect(listRegions(options)).toMatchObject([{ name: 'numbers', bytes: 1000, creatorPid: process.pid }])
    expect(removeRegion('numbers', options)).toBe(true)
    expect(removeRegion('numbers', options)).toBe(false)
    expect(listRegions(options)).toEqual([])
    second.bytes[501] = 8
    expect(first.bytes[501]).toBe(8)
    expect(openRegion('numbers', { ...options, bytes: 1000 }).bytes[500]).toBe(0)
  })

  test('another OS process reads what this one wrote, and the reverse', () => {
    const region = openRegion('shared', { ...options, bytes: 64 })
    region.bytes.set([1, 2, 3])
    execFileSync(
      process.execPath,
      [
        '--import',
        'tsx',
        '--conditions=@ipc/source',
        '--input-type=module',
        '--eval',
        `import { openRegion } from '@ipc/shm'
         const { bytes } = openRegion('shared', { directory: ${JSON.stringify(place.directory)} })
         bytes[3] = bytes[0] + bytes[1] + bytes[2]`,
      ],
      { cwd: new URL('..', import.meta.url) },
    )
    expect(region.bytes[3]).toBe(6)
  })

  test('refuses names that are paths, hidden, empty or too long', () => {
    for (const name of [
      '',
      '.',
      '..',
      '../x',
      'a/b',
      'a\0b',
      '.hidden',
      'x'.repeat(65),
      'x'.repeat(300),
      'ä',
    ]) {
      expect(() => openRegion(name, { ...options, bytes: 8 })).toThrow(TypeError)
    }
    expect(readdirSync(place.directory)).toEqual([])
  })

  test('tells apart: missing, existing, of another size, no region', () => {
    expect(() => openRegion('missing', options)).toThrow(failsWith('IPC_CONNECT_FAILED'))
    openRegion('there', { ...options, bytes: 8 })
    expect(() => openRegion('there', { ...options, bytes: 8, exclusive: true })).toThrow(
      failsWith('IPC_ADDRESS_IN_USE'),
    )
    expect(() => openRegion('there', { ...options, bytes: 16 })).toThrow(/has 8 bytes, expected 16/)
    writeFileSync(`${place.directory}/text.region`, 'x'.repeat(1000))
    expect(() => openRegion('text', options)).toThrow(failsWith('IPC_PROTOCOL'))
    truncateSync(`${place.directory}/text.region`, 10)
    expect(() => openRegion('text', options)).toThrow(failsWith('IPC_PROTOCOL'))
  })

  test('makes files and directory of this user alone, and refuses a directory open to others', () => {
    const directory = `${place.directory}/new`
    openRegion('private', { directory, bytes: 8 })
    expect(statSync(directory).mode & 0o777).toBe(0o700)
    expect(statSync(`${directory}/private.region`).mode & 0o777).toBe(0o600)
    const open = `${place.directory}/open`
    mkdirSync(open, { mode: 0o755 })
    expect(() => openRegion('private', { directory: open, bytes: 8 })).toThrow(
      failsWith('IPC_PERMISSION_DENIED'),
    )
  })

  test('views of a closed region read zeros and take writes that go nowhere', () => {
    const region = openRegion('closing', { ...options, bytes: 8192 })
    const view = region.bytes
    view[0] = 1
    region.close()
    region.close()
    expect(region.closed).toBe(true)
    expect(view[0]).toBe(0)
    view[0] = 2
    expect(openRegion('closing', options).bytes[0]).toBe(1)
  })
})
