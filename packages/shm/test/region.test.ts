import { execFileSync } from 'node:child_process'
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { isIpcError } from '@ipc/core'
import { attachRegion, createRegion, listRegions, openRegion, removeRegion } from '@ipc/shm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { REGION_BYTE_ORDER, REGION_PAYLOAD_BYTES, REGION_READY, REGION_VERSION } from '../src/layout.js'
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

  test('names what differs: size, schema, layout version, byte order, the room in the file', () => {
    openRegion('there', { ...options, bytes: 1000, schema: 'prices 2' })
    expect(openRegion('there', options).schema).toBe('prices 2')
    expect(openRegion('there', { ...options, schema: 'prices 2' }).schema).toBe('prices 2')
    expect(() => openRegion('there', { ...options, schema: 'prices 1' })).toThrow(
      /has schema "prices 2", expected "prices 1"/,
    )
    expect(() => openRegion('there', { ...options, bytes: 999 })).toThrow(/has 1000 bytes, expected 999/)
    expect(attachDamaged(REGION_VERSION, 99)).toThrow(failsWith('IPC_VERSION_MISMATCH'))
    expect(attachDamaged(REGION_VERSION, 99)).toThrow(/layout version 99, this package knows 1/)
    expect(attachDamaged(REGION_BYTE_ORDER, 0x04030201)).toThrow(failsWith('IPC_VERSION_MISMATCH'))
    expect(attachDamaged(REGION_BYTE_ORDER, 0x04030201)).toThrow(/other byte order/)
    expect(attachDamaged(REGION_PAYLOAD_BYTES, 1001)).toThrow(
      /says it holds 1001 bytes, but has room for 1000/,
    )
    expect(attachDamaged(REGION_PAYLOAD_BYTES, -1)).toThrow(failsWith('IPC_PROTOCOL'))
    expect(attachDamaged(REGION_READY, 0)).toThrow(/creator is not done/)
  })

  test('refuses a schema, mode, access or size that cannot be right, and makes no file', () => {
    const open = (more: object) => () => openRegion('wrong', { ...options, bytes: 8, ...more })
    expect(open({ schema: 'x'.repeat(65) })).toThrow(RangeError)
    expect(open({ schema: 'ä'.repeat(33) })).toThrow(RangeError)
    expect(open({ schema: 7 })).toThrow(TypeError)
    for (const mode of [0, 0o400, 0o060, 0o700, (0o660).toString(), 0o1600, 0o601, Number.NaN, -1]) {
      expect(open({ mode })).toThrow(RangeError)
    }
    for (const bytes of [0, -1, 1.5, Number.NaN, 2 ** 31, '8']) expect(open({ bytes })).toThrow(RangeError)
    expect(open({ bytes: undefined, access: 'write-only' })).toThrow(TypeError)
    expect(readdirSync(place.directory)).toEqual([])
  })

  test('keeps what was written when nobody has the region open', () => {
    const region = openRegion('kept', { ...options, bytes: 100, schema: 'text' })
    region.bytes.set(new TextEncoder().encode('still here'))
    region.close()
    const again = openRegion('kept', { ...options, bytes: 100 })
    expect(new TextDecoder().decode(again.bytes.subarray(0, 10))).toBe('still here')
    expect(again.schema).toBe('text')
  })

  test('takes the longest name and schema, and the smallest size', () => {
    const name = 'x'.repeat(64)
    const schema = 'ä'.repeat(32)
    openRegion(name, { ...options, bytes: 1, schema })
    expect(listRegions(options)).toMatchObject([{ name, bytes: 1, schema }])
    expect(openRegion(name, options).bytes.length).toBe(1)
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

describe('listRegions', () => {
  test('tells name, size, schema, creator and time of regions, sorted, and leaves out what is none', () => {
    const start = Math.floor(Date.now() / 1000) * 1000
    for (const name of ['b', 'a', 'c.d']) openRegion(name, { ...options, bytes: 10, schema: `of ${name}` })
    mkdirSync(`${place.directory}/directory.region`)
    execFileSync('mkfifo', [`${place.directory}/pipe.region`])
    writeFileSync(`${place.directory}/empty.region`, '')
    writeFileSync(`${place.directory}/text.region`, 'x'.repeat(200))
    writeFileSync(`${place.directory}/other.sock`, '')
    copyFileSync(`${place.directory}/a.region`, `${place.directory}/a.region.0123456789abcdef.new`)
    copyFileSync(`${place.directory}/a.region`, `${place.directory}/of no name.region`)
    const found = listRegions(options)
    expect(found.map(({ name }) => name)).toEqual(['a', 'b', 'c.d'])
    for (const { name, bytes, schema, creatorPid, createdAt } of found) {
      expect({ bytes, schema, creatorPid }).toEqual({
        bytes: 10,
        schema: `of ${name}`,
        creatorPid: process.pid,
      })
      expect(createdAt.getTime()).toBeGreaterThanOrEqual(start)
    }
  })

  test('is empty where there is no directory, and fails with IPC_CONNECT_FAILED where it is none', () => {
    expect(listRegions({ directory: `${place.directory}/missing` })).toEqual([])
    writeFileSync(`${place.directory}/file`, '')
    expect(() => listRegions({ directory: `${place.directory}/file` })).toThrow(
      failsWith('IPC_CONNECT_FAILED'),
    )
  })

  test('leaves no memory mapped and no file open', () => {
    openRegion('large', { ...options, bytes: 2 ** 24 }).close()
    const before = { files: readdirSync('/proc/self/fd').length, bytes: mappedBytes() }
    for (let i = 0; i < 1000; i++) listRegions(options)
    expect(readdirSync('/proc/self/fd').length).toBe(before.files)
    // 1000 times the region would be 16 GB.
    expect(mappedBytes() - before.bytes).toBeLessThan(2 ** 30)
  })
})

describe('removeRegion', () => {
  test('leaves the region to its holders, and the next one of that name is another', () => {
    const old = openRegion('twice', { ...options, bytes: 100 })
    const other = openRegion('twice', options)
    old.bytes[0] = 1
    expect(removeRegion('twice', options)).toBe(true)
    const young = openRegion('twice', { ...options, bytes: 200, exclusive: true })
    expect(young.bytes[0]).toBe(0)
    young.bytes[0] = 2
    old.bytes[1] = 3
    expect([...other.bytes.subarray(0, 2)]).toEqual([1, 3])
    expect(openRegion('twice', options).bytes[0]).toBe(2)
  })

  test('refuses names that cannot be right, and says that there is none', () => {
    for (const name of ['', '../x', 'a/b', 'a\0', 'x'.repeat(300), 7 as never]) {
      expect(() => removeRegion(name, options)).toThrow(TypeError)
    }
    expect(removeRegion('missing', options)).toBe(false)
    expect(removeRegion('missing', { directory: `${place.directory}/missing` })).toBe(false)
  })
})

/** What attaches a copy of the region `there` with another number in its header. */
function attachDamaged(offset: number, value: number): () => void {
  const copy = `${place.directory}/damaged.region`
  copyFileSync(`${place.directory}/there.region`, copy)
  const file = openSync(copy, 'r+')
  writeSync(file, new Int32Array([value]), 0, 4, offset)
  closeSync(file)
  return () => openRegion('damaged', options)
}

/** Size of the address space of this process. */
function mappedBytes(): number {
  return 1024 * Number(/VmSize:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
}
