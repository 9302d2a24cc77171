import { execFileSync } from 'node:child_process'
import { closeSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { json } from '@ipc/core'
import type { Death, Victims } from '@ipc/faults/crash'
import {
  broadcastRing,
  mpscRing,
  openRegion,
  type Region,
  semaphore,
  sharedBytes,
  sharedValue,
  shm,
  spscRing,
} from '@ipc/shm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ListeningSurvivor, takeAll } from './connection-scenarios.js'
import { MutexSurvivor, SemaphoreSurvivor } from './lock-scenarios.js'
import { type SeriesPlace, seriesPlace } from './place.js'
import { ObjectSurvivor, ParticipantsSurvivor, RegionSurvivor } from './region-scenarios.js'
import { HeldBackSurvivor } from './ring-hold-scenarios.js'
import { numbered } from './ring-place.js'
import { WritingSurvivor } from './ring-read-scenarios.js'
import { RingSurvivor } from './ring-write-scenarios.js'
import { runScenario } from './series.js'
import { ValueSurvivor } from './value-scenarios.js'

const VICTIM = 1
const DIED: Death = { pid: 0, step: 'somewhere', steps: [], wasKilled: false }
const ENDED: Death = { ...DIED, step: undefined }

/** No test here needs one: what a victim would have done is done by the test. */
const NO_VICTIMS = {} as Victims

let place: SeriesPlace
/** As another process would have it open. */
let region: Region

beforeEach(() => {
  place = seriesPlace(NO_VICTIMS)
})

afterEach(() => place.remove())

function open(): Region {
  region = openRegion('place', { directory: place.directory })
  place.atEnd(async () => region.close())
  return region
}

describe('survivors of a writer notice that', () => {
  test.each<[string, Uint8Array[], Death, string]>([
    ['a record is torn', [torn()], DIED, 'is torn'],
    [
      'a record comes twice',
      [numbered(VICTIM, 0), numbered(VICTIM, 0)],
      DIED,
      'record 0 of 1 came instead of 1',
    ],
    ['a record is missing', [numbered(VICTIM, 1)], DIED, 'record 1 of 1 came instead of 0'],
    ['more come than were written', [0, 1].map((i) => numbered(VICTIM, i)), DIED, '2 records of the victim'],
    ['nothing comes of one who ended in order', [], ENDED, 'only 0 records'],
  ])('%s', async (_what, records, death, why) => {
    const survivors = new RingSurvivor(place, { kind: 'mpscRing', operation: '', records: 1 })
    await survivors.prepare()
    const producer = mpscRing(open(), 'ring').producer()
    for (const record of records) producer.tryWrite(record)
    await expect(survivors.settle(death)).rejects.toThrow(why)
  })
})

describe('survivors of a reader notice that', () => {
  test('a record is missing among those that come again', async () => {
    const survivors = new WritingSurvivor(place, 'spscRing')
    await survivors.prepare()
    // One of two is written past the survivors' count.
    const producer = spscRing(open(), 'ring').producer()
    producer.tryWrite(numbered(VICTIM, 13))
    expect(() => survivors.settle(DIED)).toThrow('record 13 came, not 12')
  })

  test('one who ended in order has read nothing', async () => {
    const survivors = new WritingSurvivor(place, 'spscRing')
    await survivors.prepare()
    expect(() => survivors.settle(ENDED)).toThrow('nothing was read')
  })

  test('one who has closed holds the producer back', () => {
    const survivors = new HeldBackSurvivor(place, false)
    broadcastRing(open(), 'ring').consumer({ overflow: 'wait' })
    expect(() => survivors.settle(ENDED)).toThrow('one who has closed')
  })
})

describe('survivors of a value notice that', () => {
  test.each<[string, object, string]>([
    ['it is torn', { by: 'victim', number: 2, filling: [2, 3] }, 'torn'],
    ['it is an older one', { by: 'survivor', number: 0, filling: Array(30).fill(0) }, "found survivor's 0"],
  ])('%s', async (_what, content, why) => {
    const survivors = new ValueSurvivor(place, false, false)
    await survivors.prepare()
    const options = { codec: json<object>(), maxBytes: 300, readOnlyReaders: false }
    sharedValue<object>(open(), 'value', options).set(content)
    await expect(survivors.settle(DIED)).rejects.toThrow(why)
  })

  test('it is the old one after one who ended in order', async () => {
    const survivors = new ValueSurvivor(place, true, false)
    await survivors.prepare()
    await expect(survivors.settle(ENDED)).rejects.toThrow('the old value')
  })
})

describe('survivors of a lock notice that', () => {
  test('nobody tells them that its holder died inside', async () => {
    const survivors = new MutexSurvivor(place)
    sharedBytes(open(), 'protected', { bytes: 8 })[0] = 1
    await expect(survivors.settle(DIED)).rejects.toThrow('the next one is not told')
  })

  test.each([
    [2, DIED, '1 of 3 permits'],
    [1, ENDED, 'a permit is lost after one who ended in order'],
  ])('%i permits are lost', async (permits, death, why) => {
    const survivors = new SemaphoreSurvivor(place, false)
    await survivors.prepare()
    const there = semaphore(open(), 'permits', { permits: 3 })
    for (let i = 0; i < permits; i++) there.tryAcquire()
    await expect(survivors.settle(death)).rejects.toThrow(why)
  })
})

describe('survivors of a region notice that', () => {
  test('a new one has something in it', () => {
    const survivors = new RegionSurvivor(place, false)
    const { name } = survivors.prepare()
    const fresh = openRegion(name, { directory: place.directory, bytes: 4096, schema: 'crash' })
    fresh.bytes[17] = 1
    fresh.close()
    expect(() => survivors.settle()).toThrow('not zero')
  })

  test('a file stays that the next one should have removed', () => {
    const survivors = new RegionSurvivor(place, false)
    const { name } = survivors.prepare()
    writeFileSync(join(place.directory, `${name}.region.left`), '')
    expect(() => survivors.settle()).toThrow('left behind')
  })

  test('a bell stays that the next one should have removed', async () => {
    const survivors = new ParticipantsSurvivor(place)
    const bell = join(place.directory, '0123456789abcdef.bell')
    execFileSync('mkfifo', [bell])
    // Somebody reads it: to others its owner lives.
    const fd = openSync(bell, 'r+')
    await expect(survivors.settle(DIED)).rejects.toThrow('2 bells')
    closeSync(fd)
  })

  test('an object is not there after one who ended in order', () => {
    const survivors = new ObjectSurvivor(place, 'mutex')
    survivors.prepare()
    expect(() => survivors.settle(ENDED)).toThrow('nothing was created')
  })

  test('a file stays in the end', async () => {
    place.open()
    writeFileSync(join(place.directory, 'NAME.lock'), '')
    await expect(place.end()).rejects.toThrow('beside regions there are')
  })
})

describe('survivors of a connection notice that', () => {
  test('messages do not all come of one who closed', async () => {
    const survivors = await ListeningSurvivor.begin(place, takeAll)
    survivors.prepare()
    const connection = await shm({ directory: place.directory, ringBytes: 16_384 }).connect('peer')
    connection.send({ number: 0, text: 'message 0' })
    await connection.close()
    await expect(survivors.settle(DIED)).rejects.toThrow('only 1 messages came')
    await place.end()
  })

  test('one who ended in order was not connected', async () => {
    const survivors = await ListeningSurvivor.begin(place, takeAll)
    survivors.prepare()
    await expect(survivors.settle(ENDED)).rejects.toThrow('was not connected')
    await place.end()
  })
})

describe('a series of kills', () => {
  const looks = { slowly() {}, quickly() {} }
  const steps = [{ name: 'toy: step', moments: ['before', 'after'] as const }]
  const victims = {
    start: ({ point }: { point?: { step: string } }) => ({
      death: Promise.resolve({ ...DIED, step: point?.step, steps }),
    }),
  } as unknown as Victims

  test('tells of a failure where and when it was, and goes on', async () => {
    let kills = 0
    const scenario = {
      structure: 'toy',
      name: 'play',
      operation: 'play',
      begin: ({ open: openPlace }: SeriesPlace) => {
        openPlace()
        return {
          prepare() {},
          settle({ step }: Death) {
            if (step !== undefined && ++kills === 2) throw new Error('broken')
            return 'fine'
          },
        }
      },
    }
    const result = await runScenario(scenario as never, { victims, looks, kills: 4, progress() {} })
    expect(result.steps).toEqual([{ step: 'toy: step', outcomes: { fine: 4 } }])
    expect(result.failures).toMatchObject([
      {
        scenario: 'toy: play',
        step: 'toy: step',
        when: 'after',
        kill: 1,
        why: expect.stringContaining('broken'),
      },
    ])
  })
})

function torn(): Uint8Array {
  const record = numbered(VICTIM, 0).slice()
  record[record.length - 1] = (record.at(-1) as number) ^ 0xff
  return record
}
