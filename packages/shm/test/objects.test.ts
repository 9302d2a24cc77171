import { readdirSync } from 'node:fs'
import { bytes, type Codec } from '@ipc/core'
import {
  createRegion,
  mpscRing,
  mutex,
  openRegion,
  type Region,
  semaphore,
  sharedBytes,
  sharedValue,
  spscRing,
} from '@ipc/shm'
import { afterEach, describe, expect, test } from 'vitest'
import { OBJECTS_CREATING, OBJECTS_FIRST, REGION_HEADER_BYTES } from '../src/layout.js'
import { insideOf } from '../src/region/region.js'
import { Participants } from '../src/wait/participants.js'
import { ObjectStage } from './fixtures/object-stage.js'
import { failsWith, inAMoment } from './fixtures/region-stage.js'
import { participantsIn } from './fixtures/until-parked.js'

const MAX_PARTICIPANTS = 128

const stage = new ObjectStage()
afterEach(() => stage.end())

/** Have this handle among the participants, as anything that waits does. */
function join(region: Region): number {
  return insideOf(region).self.id
}

describe('objects of a region', () => {
  test('are found by their names, by whoever opens the region, and do not touch each other', () => {
    const [one, other] = [stage.open(), stage.open()]
    const made = ['a', 'b', 'ä', 'a b/c', ' '].map((name) => sharedBytes(one, name, { bytes: 100 }))
    for (const [index, object] of made.entries()) {
      expect(object).toEqual(new Uint8Array(100))
      expect(object.byteOffset % 128).toBe(0)
      object.fill(index + 1)
    }
    const producer = spscRing(one, 'ring', { capacityBytes: 1024 }).producer()
    producer.tryWrite(Uint8Array.of(42))
    mutex(one, 'lock').tryLock()
    expect(sharedBytes(other, 'ä', { bytes: 100 })).toEqual(new Uint8Array(100).fill(3))
    expect(sharedBytes(other, ' ', { bytes: 100 })).toEqual(new Uint8Array(100).fill(5))
    expect(spscRing(other, 'ring').consumer().tryReceive()).toEqual(Uint8Array.of(42))
    expect(mutex(other, 'lock').tryLock()).toBeUndefined()
  })

  test.each([
    ['process', 6],
    ['thread', 6],
  ] as const)('are the same for all who create them at once: %s', async (where, count) => {
    const { region, place } = stage.place(where)
    const peers = await stage.peers(where, count, place)
    const atMs = inAMoment()
    const found = await Promise.all(peers.map((peer, index) => peer.call('create', 20, 3 * index, atMs)))
    const [first = [], ...others] = found.map((objects) => objects.sort((a, b) => a.at - b.at))
    for (const objects of others) expect(objects).toEqual(first)
    expect(new Set(first.map(({ name }) => name)).size).toBe(20)
    let end = REGION_HEADER_BYTES + OBJECTS_FIRST
    for (const { name, at } of first) {
      const number = Number(name.slice('object '.length))
      expect(at).toBeGreaterThanOrEqual(end)
      end = at + (number % 2 === 0 ? 1024 : 100 + number)
      // Zeros, to which each of them added 1 once.
      const view = sharedBytesOrNone(region, name, 100 + number)
      if (view !== undefined) expect(new Int32Array(view.buffer, view.byteOffset, 1)[0]).toBe(count)
    }
    expect(end).toBeLessThanOrEqual(region.buffer.byteLength)
    await Promise.all(peers.map((peer) => peer.call('close')))
  })

  test('have names of 1 to 52 bytes', () => {
    const region = stage.open()
    for (const name of ['x'.repeat(52), 'ä'.repeat(26), '1']) {
      sharedBytes(region, name, { bytes: 8 }).fill(1)
      expect(sharedBytes(stage.open(), name, { bytes: 8 })[0]).toBe(1)
    }
    for (const name of ['', 'x'.repeat(53), 'ä'.repeat(27), 'x'.repeat(1000), undefined, 7]) {
      expect(() => sharedBytes(region, name as string, { bytes: 8 })).toThrow(TypeError)
    }
  })

  test('differ in kind, size or schema: the error names what is there and what was expected', () => {
    const region = stage.open()
    spscRing(region, 'ring', { capacityBytes: 1024, recordBytes: 8 })
    sharedBytes(region, 'bytes', { bytes: 10 })
    sharedValue(region, 'value', { codec: bytes(), maxBytes: 10 })
    const differing: [() => unknown, RegExp][] = [
      [() => mpscRing(region, 'ring'), /ring in region objects has kind spscRing, expected mpscRing/],
      [() => spscRing(region, 'ring', { capacityBytes: 2048 }), /has capacityBytes 1024, expected 2048/],
      [() => spscRing(region, 'ring', { recordBytes: 16 }), /has recordBytes 8, expected 16/],
      [() => sharedBytes(region, 'bytes', { bytes: 11 }), /has bytes 10, expected 11/],
      [() => semaphore(region, 'bytes', { permits: 1 }), /has kind sharedBytes, expected semaphore/],
      [() => sharedValue(region, 'value', { codec: named('other') }), /schema "bytes", expected "other"/],
    ]
    for (const [open, message] of differing) {
      expect(open).toThrow(failsWith('IPC_PROTOCOL'))
      expect(open).toThrow(message)
    }
    expect(spscRing(region, 'ring')).toMatchObject({ capacityBytes: 1024, recordBytes: 8 })
  })

  test('may have a schema whose last character is cut in half, and are new all the same', () => {
    for (const length of [32, 33, 34, 35, 36]) {
      const codec = named(`${'x'.repeat(length)}€€`)
      const value = sharedValue(stage.open(), `value ${length}`, { codec, maxBytes: 10 })
      expect(value.version).toBe(0)
      expect(value.get()).toBeUndefined()
      value.set(Uint8Array.of(length))
      expect(sharedValue(stage.open(), `value ${length}`, { codec }).get()).toEqual(Uint8Array.of(length))
    }
  })
})

describe('a region that is too small for an object', () => {
  test('says what is left and what is needed, and holds what fits', () => {
    const region = stage.open(16_384)
    const tooLarge = (): unknown => sharedBytes(region, 'large', { bytes: 8000 })
    expect(tooLarge).toThrow(failsWith('IPC_OUT_OF_MEMORY'))
    expect(tooLarge).toThrow(/has 8064 bytes left, the sharedBytes large needs 8192/)
    expect(() => spscRing(region, 'ring')).toThrow(failsWith('IPC_OUT_OF_MEMORY'))
    sharedBytes(region, 'fits', { bytes: 8064 - 128 }).fill(1)
    expect(() => sharedBytes(region, 'more', { bytes: 1 })).toThrow(/has 0 bytes left/)
    expect(sharedBytes(stage.open(16_384), 'fits', { bytes: 7936 })[7935]).toBe(1)
  })

  test('has no room even for the first one, and says so', () => {
    for (const size of [1, 3, 128, OBJECTS_FIRST - 1, OBJECTS_FIRST]) {
      const region = createRegion(size)
      expect(() => sharedBytes(region, 'x', { bytes: 1 })).toThrow(failsWith('IPC_OUT_OF_MEMORY'))
      expect(region.bytes.every((byte) => byte === 0) || size === OBJECTS_FIRST).toBe(true)
    }
  })

  test('does not take an object of gigabytes for a small one', () => {
    const region = stage.open()
    for (const maxBytes of [2 ** 29, 2 ** 30 - 192, 2 ** 30, 2 ** 31 - 200]) {
      const huge = (): unknown => sharedValue(region, 'huge', { codec: bytes(), maxBytes })
      expect(huge).toThrow(failsWith('IPC_OUT_OF_MEMORY'))
    }
    sharedBytes(region, 'huge', { bytes: 1 })
  })
})

describe('a region that holds something else', () => {
  test('refuses objects: raw bytes', () => {
    const region = stage.open()
    region.bytes[0] = 1
    expect(() => spscRing(region, 'ring')).toThrow(failsWith('IPC_PROTOCOL'))
    expect(() => spscRing(region, 'ring')).toThrow(/raw bytes/)
  })

  test('refuses objects when it is closed, or no region', () => {
    const region = openRegion('objects', { directory: stage.directory, bytes: 65_536 })
    region.close()
    expect(() => sharedBytes(region, 'x', { bytes: 1 })).toThrow(failsWith('IPC_CLOSED'))
    expect(() => sharedBytes({ ...region }, 'x', { bytes: 1 })).toThrow(TypeError)
  })
})

describe('the creator of an object that is killed', () => {
  test('is replaced; what it had written of the object is gone', async () => {
    const { region, place } = stage.place('process')
    sharedBytes(region, 'first', { bytes: 8 })
    for (let round = 0; round < 3; round++) {
      const [peer] = await stage.peers('process', 1, place)
      await peer?.call('beginToCreate')
      await peer?.kill()
      expect(sharedBytes(region, `object ${round}`, { bytes: 500 })).toEqual(new Uint8Array(500))
    }
  })

  test('is replaced also when another one has taken its place among the participants', async () => {
    const { region, place } = stage.place('process')
    sharedBytes(region, 'first', { bytes: 8 })
    const [peer] = await stage.peers('process', 1, place)
    const [slot] = (await peer?.call('join')) ?? []
    await peer?.call('beginToCreate')
    await peer?.kill()
    const others = Array.from({ length: MAX_PARTICIPANTS - 1 }, () => stage.open())
    expect(others.map(join)).toContain(slot)
    const words = new Int32Array(region.buffer)
    expect(Atomics.load(words, (REGION_HEADER_BYTES + OBJECTS_CREATING) >> 2)).toBe(0)
    expect(sharedBytes(others.at(-1) as Region, 'second', { bytes: 8 })).toEqual(new Uint8Array(8))
  })
})

describe('the 128 participants of a region', () => {
  test('are the most; one that is refused leaves no doorbell, and one that leaves makes room', () => {
    const regions = Array.from({ length: MAX_PARTICIPANTS }, () => stage.open())
    expect(new Set(regions.map(join)).size).toBe(MAX_PARTICIPANTS)
    const refused = stage.open()
    for (let i = 0; i < 3; i++) expect(() => join(refused)).toThrow(failsWith('IPC_OUT_OF_MEMORY'))
    expect(readdirSync(stage.directory)).toEqual(['objects.region'])
    regions[77]?.close()
    expect(join(refused)).toBe(77)
    for (const region of [...regions, refused]) region.close()
    expect(readdirSync(stage.directory)).toEqual(['objects.region'])
  })

  test('do not count the dead', async () => {
    const { region, place } = stage.place('process')
    const [peer] = await stage.peers('process', 1, place)
    for (let i = 1; i < 100; i++) await peer?.call('open', place)
    expect((await peer?.call('join'))?.length).toBe(100)
    const living = Array.from({ length: 28 }, () => stage.open())
    for (const one of living) join(one)
    const refused = stage.open()
    expect(() => join(refused)).toThrow(failsWith('IPC_OUT_OF_MEMORY'))
    await peer?.kill()
    expect(participantsIn(region)).toBe(MAX_PARTICIPANTS)
    const young = Array.from({ length: 100 }, () => stage.open())
    const numbers = [...living, ...young].map(join)
    expect(new Set(numbers).size).toBe(MAX_PARTICIPANTS)
    expect(() => join(refused)).toThrow(failsWith('IPC_OUT_OF_MEMORY'))
  })

  test('have a place each when those who had them are dead, and one of them cleans up', () => {
    const { bytes: payload, buffer } = createRegion(OBJECTS_FIRST)
    const owners = new Map<number, number>()
    const recovered: number[] = []
    const participants = (who: number): Participants =>
      new Participants({
        what: 'test',
        words: new Int32Array(buffer),
        payload: payload.byteOffset,
        futex: { block() {}, unblock() {} },
        bells: undefined,
        life: {
          take: (slot) => (owners.get(slot) ?? who) === who && owners.set(slot, who) === owners,
          release: (slot) => void owners.delete(slot),
          isTaken: (slot) => owners.has(slot) && owners.get(slot) !== who,
        },
        recover: (slot) => recovered.push(slot),
      })
    for (let who = 1; who <= MAX_PARTICIPANTS; who++) participants(who).join()
    const observer = participants(1000)
    expect(() => observer.join()).toThrow(failsWith('IPC_OUT_OF_MEMORY'))
    const [third, names] = [2, [0, 1, 2].map((slot) => observer.nameOf(slot))]
    expect(names.map((name) => observer.lives(name))).toEqual([true, true, true])
    for (const slot of [1, third]) owners.delete(slot)
    expect(names.map((name) => observer.lives(name))).toEqual([true, false, false])
    expect(participants(1001).join()).toBe(1)
    expect(recovered).toEqual([1])
    observer.census()
    participants(1002).census()
    expect(recovered).toEqual([1, third])
    expect(observer.lossesOf(third)).toMatchObject({ losses: 1, isFree: true })
    expect([observer.join(), observer.lives(names[third] as number)]).toEqual([third, false])
  })
})

/** The bytes of that name, if they are no ring. */
function sharedBytesOrNone(region: Region, name: string, size: number): Uint8Array | undefined {
  return Number(name.slice('object '.length)) % 2 === 0
    ? undefined
    : sharedBytes(region, name, { bytes: size })
}

function named(name: string): Codec<Uint8Array> {
  return { ...bytes(), name }
}
