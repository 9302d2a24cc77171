import { openRegion, type Region, sharedBytes, spscRing } from '@ipc/shm'
import { compact, grouped } from '../figures.js'
import type { Statement } from './statement.js'

const RING_BYTES = 2 ** 20
const PLACES = 512
const RECORDS = 200_000
const RECORD_BYTES = 32
/** Of so many records one is given up after it was filled in. */
const ABORTED_ONE_IN = 100
/** No wait takes longer. */
const PATIENCE_MS = 20_000

let region: Region | undefined

function open(directory: string): Region {
  region ??= openRegion('explicit', { directory, bytes: RING_BYTES + 2 ** 16 })
  return region
}

function places(directory: string): DataView {
  const bytes = sharedBytes(open(directory), 'places', { bytes: PLACES * 8 })
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** What the number at a place has to be. */
function numberAt(place: number): number {
  return Math.sqrt(place) * 1e6
}

/** What both processes do. */
export const roles = {
  writePlaces(directory: string): void {
    const view = places(directory)
    for (let place = 0; place < PLACES; place++) view.setFloat64(place * 8, numberAt(place), true)
  },

  /** How many places hold what was written there. */
  readPlaces(directory: string): number {
    const view = places(directory)
    let right = 0
    for (let place = 0; place < PLACES; place++) {
      if (view.getFloat64(place * 8, true) === numberAt(place)) right++
    }
    return right
  },

  /** Build records where they lie; every now and then one is given up. Returns the sum of what was committed. */
  build(directory: string, records: number): { readonly committed: number; readonly sum: number } {
    const producer = spscRing(open(directory), 'records', { capacityBytes: RING_BYTES }).producer()
    const memory = new DataView(producer.bytes.buffer, producer.bytes.byteOffset, producer.bytes.byteLength)
    const until = performance.now() + PATIENCE_MS
    let committed = 0
    let sum = 0
    for (let number = 1; number <= records; number++) {
      let at = producer.tryClaim(RECORD_BYTES)
      while (at < 0) {
        if (performance.now() > until) throw new Error('the ring stays full')
        at = producer.tryClaim(RECORD_BYTES)
      }
      memory.setUint32(at, number, true)
      if (number % ABORTED_ONE_IN === 0) {
        producer.abort()
        continue
      }
      producer.commit()
      committed++
      sum += number
    }
    return { committed, sum }
  },

  /** Read records where they lie. */
  read(directory: string, records: number): { readonly sum: number; readonly seconds: number } {
    const consumer = spscRing(open(directory), 'records', { capacityBytes: RING_BYTES }).consumer()
    let sum = 0
    const take = (bytes: Uint8Array, start: number): void => {
      sum += bytes[start]! | (bytes[start + 1]! << 8) | (bytes[start + 2]! << 16) | (bytes[start + 3]! << 24)
    }
    consumer.waitSync({ strategy: 'spin', timeoutMs: PATIENCE_MS })
    const begin = performance.now()
    for (let left = records; left > 0; ) {
      if (!consumer.waitSync({ strategy: 'spin', timeoutMs: PATIENCE_MS }))
        throw new Error(`${left} never came`)
      left -= consumer.read(take, left)
    }
    return { sum, seconds: (performance.now() - begin) / 1000 }
  },
}

export const statement: Statement = {
  number: 5,
  title: 'The application itself reads and writes the shared region, explicitly.',
  async measure({ scratch, effort, start }) {
    const writer = await start<typeof roles>('explicit-access')
    const reader = await start<typeof roles>('explicit-access')
    await writer.call('writePlaces', scratch)
    const right = await reader.call('readPlaces', scratch)
    const records = Math.ceil((RECORDS * effort) / ABORTED_ONE_IN) * ABORTED_ONE_IN
    const aborted = records / ABORTED_ONE_IN
    const [built, read] = await Promise.all([
      writer.call('build', scratch, records),
      reader.call('read', scratch, records - aborted),
    ])
    const rate = built.committed / read.seconds
    return {
      shown: right === PLACES && built.sum === read.sum,
      figure:
        `${right} of ${PLACES} numbers found at the places where another process put them; ${grouped(built.committed)} records ` +
        `built and read in place (${compact(rate)}/s), ${grouped(aborted)} that were given up never seen`,
      how:
        'One process wrote numbers through a view of the region, then claimed, filled in and committed records in a ring; ' +
        'another one read both where they lie, and the sums agree.',
      measurements: [
        { metric: 'places', subject: 'right', value: right, unit: `of ${PLACES}` },
        { metric: 'records', subject: 'claim and commit', value: rate, unit: 'per second' },
      ],
    }
  },
}
