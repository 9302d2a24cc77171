import { bytes, struct } from '@ipc/core'
import {
  attachRegion,
  createRegion,
  openRegion,
  type Region,
  removeRegion,
  type SharedValueReader,
  sharedBytes,
  sharedValue,
  waitAny,
} from '@ipc/shm'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { EVENT_BITS, KIND_SHARED_VALUE, MAX_PARTICIPANTS, PARKED, PARTICIPANT_MODE } from '../src/layout.js'
import { findObject } from '../src/region/objects.js'
import { insideOf } from '../src/region/region.js'
import { VALUE_CHANGED_EVENT } from '../src/value/value-layout.js'
import { failsWith, until } from './fixtures/lock-stage.js'
import { type Peer, startProcess, startThread } from './fixtures/peer.js'
import { type TemporaryDirectory, temporaryMemoryDirectory } from './fixtures/temporary-directory.js'
import { isWhole, naiveIn, REGION_BYTES, WHOLE, type Whole, wholeOf } from './fixtures/value-objects.js'
import type { functions } from './fixtures/value-program.js'

const PROGRAM = new URL('./fixtures/value-program.ts', import.meta.url)
const limit = { timeoutMs: 25_000 }

let place: TemporaryDirectory
let region: Region
let at: { directory: string; name: string }
let names = 0

beforeAll(() => {
  place = temporaryMemoryDirectory()
})
afterAll(() => place.remove())
beforeEach(() => {
  at = { directory: place.directory, name: `region-${names++}` }
  region = openRegion(at.name, { directory: at.directory, bytes: REGION_BYTES })
})
afterEach(() => {
  region.close()
  removeRegion(at.name, at)
})

const again = (): Region => openRegion(at.name, { directory: at.directory })
const readOnly = () => openRegion(at.name, { directory: at.directory, access: 'read-only' })

/** This thread sleeps: whoever sets a value has to wake it. */
async function parked(region: Region): Promise<void> {
  const { participants, self, words } = insideOf(region)
  const mode = participants.word(self.id, PARTICIPANT_MODE)
  await until(() => Atomics.load(words, mode) === PARKED, 'the event loop parks')
}

/** Whether another participant asks to be woken when the value changes. */
function othersArmed(region: Region): boolean {
  const { words, self } = insideOf(region)
  const found = findObject(insideOf(region), {
    kind: KIND_SHARED_VALUE,
    name: 'value',
    parameters: {},
    defaults: {},
    bodyBytes: () => 0,
  })
  const first = (found!.offset + VALUE_CHANGED_EVENT + EVENT_BITS) >> 2
  for (let id = 0; id < MAX_PARTICIPANTS; id++) {
    const bits = Atomics.load(words, first + (id >> 5))
    if (id !== self.id && (bits & (1 << (id & 31))) !== 0) return true
  }
  return false
}

describe('changed', () => {
  test('resolves at once when there is another value than get gave last, and otherwise waits for one', async () => {
    const value = sharedValue(region, 'value', { codec: WHOLE })
    const other = sharedValue(again(), 'value', { codec: WHOLE })
    other.set(wholeOf(1))
    await value.changed({ timeoutMs: 0 })
    await value.changed()
    expect(value.ready).toBe(true)
    value.get()
    expect(value.ready).toBe(false)
    await expect(value.changed({ timeoutMs: 5 })).rejects.toThrow(failsWith('IPC_TIMEOUT'))
    const waiting = value.changed(limit)
    await parked(region)
    other.set(wholeOf(2))
    await waiting
    expect(value.get()).toEqual(wholeOf(2))
  })

  test.each(['process', 'thread'])('wakes another %s, and is woken by it', async (kind) => {
    const shared = createRegion(REGION_BYTES)
    const peer: Peer<typeof functions> = await (kind === 'process'
      ? startProcess(PROGRAM)
      : startThread(PROGRAM))
    try {
      const mine = kind === 'process' ? region : shared
      const value = sharedValue(mine, 'value', { codec: WHOLE })
      await peer.call('open', kind === 'process' ? at : { buffer: shared.buffer as SharedArrayBuffer })
      for (let n = 1; n <= 20; n++) {
        const theirs = peer.call('changedTo', 2 * n)
        // Now and then it polls still, or does not wait yet.
        const asleep = n % 3 > 0
        if (asleep) await until(() => othersArmed(mine), 'the other one sleeps')
        value.set(wholeOf(2 * n))
        expect(await theirs).toBeLessThanOrEqual(1)
        if (asleep) expect(await theirs).toBe(1)
        value.get()
        const waiting = value.changed(limit)
        // Every other time while the event loop polls still.
        if (n % 2 === 0) await parked(mine)
        await Promise.all([waiting, peer.call('set', 2 * n + 1)])
        expect(value.get()).toEqual(wholeOf(2 * n + 1))
      }
    } finally {
      await peer.kill()
      shared.close()
    }
  })

  test('ends by time and signal; those that wait for the same go on waiting', async () => {
    const value = sharedValue(region, 'value', { codec: WHOLE })
    const other = sharedValue(again(), 'value', { codec: WHOLE })
    const controller = new AbortController()
    const { signal } = controller
    const aborted = expect(value.changed({ signal })).rejects.toMatchObject({
      code: 'IPC_ABORTED',
      cause: 'why',
    })
    const timedOut = expect(value.changed({ timeoutMs: 20 })).rejects.toThrow(failsWith('IPC_TIMEOUT'))
    const waiting = [value.changed(limit), waitAny([value], limit)]
    await parked(region)
    controller.abort('why')
    await Promise.all([aborted, timedOut])
    await parked(region)
    other.set(wholeOf(1))
    await Promise.all(waiting)
    await expect(value.changed({ signal })).rejects.toThrow(failsWith('IPC_ABORTED'))
  })

  test('refuses times that cannot be right, also when the value has changed', async () => {
    const value = sharedValue(region, 'value', { codec: WHOLE, readOnlyReaders: true })
    const attached = readOnly()
    const reader = sharedValue(attached, 'value', { codec: WHOLE })
    for (const timeoutMs of [Number.NaN, -1]) {
      await expect(value.changed({ timeoutMs })).rejects.toThrow(RangeError)
      await expect(reader.changed({ timeoutMs })).rejects.toThrow(RangeError)
    }
    value.set(wholeOf(1))
    for (const timeoutMs of [Number.NaN, -1]) {
      await expect(value.changed({ timeoutMs })).rejects.toThrow(RangeError)
      await expect(reader.changed({ timeoutMs })).rejects.toThrow(RangeError)
    }
    attached.close()
  })

  test('rejects with IPC_CLOSED when the region is closed, as all else then does', async () => {
    const shared = createRegion(REGION_BYTES)
    for (const closing of [shared, region]) {
      const value = sharedValue(closing, 'value', { codec: WHOLE })
      value.set(wholeOf(1))
      value.get()
      const waiting = expect(value.changed(limit)).rejects.toThrow(failsWith('IPC_CLOSED'))
      closing.close()
      await waiting
      expect(() => value.get()).toThrow(failsWith('IPC_CLOSED'))
      expect(() => value.set(wholeOf(2))).toThrow(failsWith('IPC_CLOSED'))
      await expect(value.changed()).rejects.toThrow(failsWith('IPC_CLOSED'))
      expect(value.ready).toBe(false)
    }
    const attached = attachRegion(shared.buffer as SharedArrayBuffer)
    expect(sharedValue(attached, 'value', { codec: WHOLE }).get()).toEqual(wholeOf(1))
  })
})

describe('a reader that cannot write', () => {
  test('gets what is set, and hears of changes', async () => {
    const value = sharedValue(region, 'value', { codec: WHOLE, readOnlyReaders: true })
    const attached = readOnly()
    const reader = sharedValue(attached, 'value', { codec: WHOLE })
    expect(reader).not.toHaveProperty('set')
    expect(reader.get()).toBeUndefined()
    expect(reader.version).toBe(0)
    for (let n = 1; n <= 5; n++) {
      const waiting = reader.changed(limit)
      value.set(wholeOf(n))
      await waiting
      expect(reader.get()).toEqual(wholeOf(n))
      expect(reader.version).toBe(n)
    }
    await expect(reader.changed({ timeoutMs: 5 })).rejects.toThrow(failsWith('IPC_TIMEOUT'))
    const controller = new AbortController()
    const aborted = expect(reader.changed({ signal: controller.signal })).rejects.toMatchObject({
      code: 'IPC_ABORTED',
      cause: 'why',
    })
    controller.abort('why')
    await aborted
    await expect(reader.changed({ signal: controller.signal })).rejects.toThrow(failsWith('IPC_ABORTED'))
    const closed = expect(reader.changed(limit)).rejects.toThrow(failsWith('IPC_CLOSED'))
    attached.close()
    await closed
    expect(() => reader.get()).toThrow(failsWith('IPC_CLOSED'))
    await expect(reader.changed()).rejects.toThrow(failsWith('IPC_CLOSED'))
  })

  test('is refused by a value created without readOnlyReaders: IPC_NOT_SUPPORTED', () => {
    sharedValue(region, 'value', { codec: WHOLE })
    const attached = readOnly()
    expect(() => sharedValue(attached, 'value', { codec: WHOLE })).toThrow(failsWith('IPC_NOT_SUPPORTED'))
    expect(() => sharedValue(attached, 'value', { codec: WHOLE })).toThrow(/readOnlyReaders/)
    attached.close()
  })

  test('finds nothing where there is no such value: IPC_CONNECT_FAILED', () => {
    const attach = (name: string): unknown =>
      sharedValue(openRegion(name, { directory: at.directory, access: 'read-only' }), 'value', {
        codec: WHOLE,
      })
    const missing = failsWith('IPC_CONNECT_FAILED')
    expect(() => attach('nothing')).toThrow(missing)
    expect(() => attach(at.name)).toThrow(missing)
    sharedValue(region, 'other', { codec: WHOLE, readOnlyReaders: true })
    expect(() => attach(at.name)).toThrow(missing)
    // Raw bytes, too few for objects, and others that look like some.
    openRegion('small', { directory: at.directory, bytes: 8 })
    expect(() => attach('small')).toThrow(missing)
    openRegion('raw', { directory: at.directory, bytes: REGION_BYTES }).bytes.fill(0x7f)
    expect(() => attach('raw')).toThrow(missing)
  })

  test('says what differs', () => {
    sharedValue(region, 'value', { codec: WHOLE, readOnlyReaders: true })
    sharedBytes(region, 'bytes', { bytes: 64 })
    const attached = readOnly()
    expect(() => sharedValue(attached, 'value', { codec: struct({ n: 'u32' }) })).toThrow(/schema "struct:/)
    expect(() => sharedValue(attached, 'value', { codec: WHOLE, maxBytes: 8 })).toThrow(
      /maxBytes 64, expected 8/,
    )
    expect(() => sharedValue(attached, 'bytes', { codec: bytes() })).toThrow(/kind sharedBytes/)
    attached.close()
  })
})

test('a writer killed in the middle of setting leaves a whole value, and the next one goes on', async () => {
  const value = sharedValue(region, 'value', { codec: WHOLE, readOnlyReaders: true })
  const plain = openRegion('plain', { directory: at.directory, bytes: REGION_BYTES })
  const plainValue = sharedValue(plain, 'value', { codec: WHOLE })
  const readers: [Region, typeof at, SharedValueReader<Whole>][] = [
    [region, at, value],
    [plain, { ...at, name: 'plain' }, plainValue],
  ]
  for (let kill = 0; kill < 6; kill++) {
    const [memory, name, reader] = readers[kill % 2]!
    Atomics.store(naiveIn(memory).stop, 0, 0)
    const writer = await startProcess<typeof functions>(PROGRAM)
    await writer.call('open', name)
    const before = reader.version
    writer.call('setFlatOut').catch(() => {})
    await until(() => reader.version - before > 20_000, 'the writer sets')
    await writer.kill()
    const left = reader.get()
    expect(left).toSatisfy(isWhole)
    const { version } = reader
    expect(version - before).toBeGreaterThanOrEqual(left!.a)
    // Whatever it left behind in its cell.
    for (let n = 1; n <= 5; n++) {
      const next = kill % 2 === 0 ? value : plainValue
      next.set(wholeOf(n))
      expect(next.version).toBe(version + n)
      expect(reader.get()).toEqual(wholeOf(n))
    }
  }
  plain.close()
}, 60_000)
