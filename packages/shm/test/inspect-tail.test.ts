import { broadcastRing, mpscRing, type Region, spscRing } from '@ipc/shm'
import { inspectRegion, type RegionInspection, type RingTail, type TailedRecord } from '@ipc/shm/inspect'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Peer, startProcess } from './fixtures/peer.js'
import { RegionStage } from './fixtures/region-stage.js'
import { CAPACITY_BYTES, fillPayload, type functions, lengthOf, producerOf } from './fixtures/tail-program.js'

const PROGRAM = new URL('./fixtures/tail-program.ts', import.meta.url)
const KINDS = ['spsc', 'mpsc', 'broadcast'] as const
const RUN_MS = 1000
const ENOUGH = 1000

const stage = new RegionStage()
let region: Region
let inspection: RegionInspection
beforeEach(() => {
  region = stage.open('tailed', { bytes: 65_536 })
  inspection = inspectRegion('tailed', stage)
})
afterEach(async () => {
  inspection.close()
  await stage.clear()
})
afterAll(() => stage.end())

function all(tail: RingTail): TailedRecord[] {
  const records: TailedRecord[] = []
  for (let record = tail.next(); record !== undefined; record = tail.next()) records.push(record)
  return records
}

function consumeAll(kind: (typeof KINDS)[number]): void {
  if (kind === 'broadcast') return
  const ring = kind === 'spsc' ? spscRing(region, 'ring') : mpscRing(region, 'ring')
  ring.consumer().read(() => {}, Number.POSITIVE_INFINITY)
}

/** Its number, if the payload is whole. */
function numberOf({ payload }: TailedRecord): number {
  const number = new DataView(payload.buffer, payload.byteOffset).getUint32(0, true)
  const whole = new Uint8Array(lengthOf(number))
  fillPayload(whole, 0, whole.length, number)
  if (!Buffer.from(payload).equals(whole)) throw new Error(`torn: ${Buffer.from(payload).toString('hex')}`)
  return number
}

describe.each(KINDS)('tail of a ring: %s', (kind) => {
  test('gives what is written from then on, whether or not it is consumed', () => {
    const producer = producerOf(region, kind)
    producer.tryWrite(Uint8Array.of(1))
    const tail = inspection.tail('ring')
    expect(tail.next()).toBeUndefined()
    producer.tryWrite(Uint8Array.of(2, 2), 7)
    consumeAll(kind)
    producer.tryWrite(new Uint8Array(0))
    const [second, third, ...more] = all(tail)
    expect(second).toMatchObject({ payload: Uint8Array.of(2, 2), kind: 7 })
    expect(third).toMatchObject({ payload: new Uint8Array(0), kind: 0 })
    expect(second?.sequence).toBe(kind === 'broadcast' ? 1 : undefined)
    expect(more).toEqual([])
    expect(tail.lostBytes).toBe(0)
  })

  test("from 'oldest' gives first what nobody has read", () => {
    const producer = producerOf(region, kind)
    for (let number = 1; number <= 3; number++) producer.tryWrite(Uint8Array.of(number))
    const numbers = all(inspection.tail('ring', 'oldest')).map(({ payload }) => payload[0])
    expect(numbers).toEqual([1, 2, 3])
  })

  test('goes through the end of the ring, and counts what it did not get', () => {
    const producer = producerOf(region, kind)
    const tail = inspection.tail('ring')
    let number = 0
    const seen: number[] = []
    for (let lap = 0; lap < 5; lap++) {
      for (let record = 0; record < 8; record++) {
        const length = lengthOf(number)
        const at = producer.tryClaim(length)
        fillPayload(producer.bytes, at, at + length, number++)
        producer.commit()
        consumeAll(kind)
      }
      seen.push(...all(tail).map(numberOf))
    }
    expect(seen).toEqual(Array.from({ length: number }, (_, each) => each))
    for (let record = 0; record < 100; record++) {
      producer.tryWrite(new Uint8Array(400))
      consumeAll(kind)
    }
    all(tail)
    expect(tail.lostBytes).toBeGreaterThan(100 * 400 - 2 * CAPACITY_BYTES)
    const before = tail.lostBytes
    producer.tryWrite(new Uint8Array(400))
    tail.skip()
    expect(tail.next()).toBeUndefined()
    expect(tail.lostBytes).toBeGreaterThan(before)
  })

  test('of a producer at full speed gives no torn record, none twice, and all in order', async () => {
    producerOf(region, kind)
    const writer = await startProcess<typeof functions>(PROGRAM)
    try {
      const written = (writer as Peer<typeof functions>).call('run', { directory: stage.directory, kind })
      const tail = inspection.tail('ring')
      let last = -1
      let count = 0
      const end = performance.now() + RUN_MS
      while (performance.now() < end || count < ENOUGH) {
        for (let record = tail.next(); record !== undefined; record = tail.next()) {
          const number = numberOf(record)
          if (number <= last) throw new Error(`${number} after ${last}`)
          last = number
          if (++count % ENOUGH === 0) break
        }
        await new Promise((resolve) => setImmediate(resolve))
      }
      await writer.call('stop')
      expect(await written).toBeGreaterThan(last)
    } finally {
      await writer.kill()
    }
  })
})

test('a broadcast ring tells by numbers how many records were not seen', () => {
  const producer = broadcastRing(region, 'ring', { capacityBytes: CAPACITY_BYTES }).producer()
  const tail = inspection.tail('ring')
  for (let record = 0; record < 1000; record++) producer.tryWrite(new Uint8Array(100))
  const sequences = all(tail).map(({ sequence }) => sequence as number)
  expect(sequences.at(-1)).toBe(999)
  expect(sequences).toEqual(sequences.map((_, index) => (sequences[0] as number) + index))
})
