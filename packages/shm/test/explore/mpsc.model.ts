import type { Scenario } from '@ipc/faults'
import {
  ENTRY_WORDS,
  MPSC_CONTROL_BYTES,
  MPSC_PRODUCER_BYTES,
  MPSC_PRODUCERS,
  mpscRingBytes,
  UNIT_BYTES,
} from '../../src/ring/mpsc-layout.js'
import { MpscReader } from '../../src/ring/mpsc-reader.js'
import { MpscWriter } from '../../src/ring/mpsc-writer.js'
import { RING_CONTROL_BYTES, RING_HEAD, RING_TAIL } from '../../src/ring/ring-layout.js'
import { nameOfRing } from './records.js'

interface MpscInit {
  readonly capacity: number
  readonly at: number
  /** Payload bytes of each producer's records. */
  readonly producers: readonly (readonly number[])[]
  readonly writes: number
  readonly reads: number
  /** This record of the first producer is given up after it was claimed. */
  readonly aborts?: number
  /** Producers may die: they say where they claim, and the consumer fills in what the dead have claimed. */
  readonly recovers?: boolean
}

/** Producers of numbered records, and a consumer, none of which waits. A record has a word at its start, and its end. */
function mpsc({ capacity, at, producers, writes, reads, aborts, recovers = false }: MpscInit): Scenario {
  const produce = (producer: number) => (memory: SharedArrayBuffer) => {
    const claimant = { id: producer, name: producer + 1, isFenced: false, checkSeat() {} }
    const writer = new MpscWriter(memory, 0, capacity, recovers ? claimant : undefined)
    const words = new Int32Array(memory, MPSC_CONTROL_BYTES, capacity / 4)
    const sizes = producers[producer] as readonly number[]
    let written = 0
    for (let i = 0; i < writes && written < sizes.length; i++) {
      const bytes = sizes[written] as number
      const kind = 10 * producer + written
      const index = writer.tryClaim(bytes, kind)
      if (index < 0) continue
      words[index >> 2] = kind + 100
      words[((index + bytes) >> 2) - 1] = kind + 100
      written++
      if (kind === aborts) {
        writer.abort()
        continue
      }
      writer.stage()
      writer.publish()
    }
    return written
  }
  const threads: Record<string, (memory: SharedArrayBuffer) => unknown> = {}
  producers.forEach((_, producer) => {
    threads[`producer ${producer}`] = produce(producer)
  })
  return {
    memoryBytes: mpscRingBytes(capacity),
    setUp(memory) {
      const control = new Int32Array(memory, 0, RING_CONTROL_BYTES / 4)
      control[RING_TAIL >> 2] = at
      control[RING_HEAD >> 2] = at
    },
    threads: {
      ...threads,
      consumer(memory, self) {
        const living = { lives: (name: number) => self.isAlive(threadOf(name)) }
        const reader = new MpscReader(memory, 0, capacity, recovers ? living : undefined)
        const words = new Int32Array(memory, MPSC_CONTROL_BYTES, capacity / 4)
        return read(reader, words, reads, true)
      },
    },
    check({ results, dead, memory }) {
      const living = { lives: (name: number) => !dead.includes(threadOf(name)) }
      const reader = new MpscReader(memory.buffer, 0, capacity, recovers ? living : undefined)
      const left = read(reader, memory.subarray(MPSC_CONTROL_BYTES / 4), Number.POSITIVE_INFINITY, false)
      const came = [...(results.consumer as number[]), ...left]
      producers.forEach((sizes, producer) => {
        const all = sizes.map((_, i) => 10 * producer + i).filter((kind) => kind !== aborts)
        // Of a dead producer as much as it had committed.
        const own = came.filter((kind) => Math.floor(kind / 10) === producer)
        const written = results[`producer ${producer}`] as number | undefined
        const expected = all.filter((kind) =>
          written === undefined ? own.includes(kind) : kind % 10 < written,
        )
        if (String(own) !== String(expected))
          throw new Error(`of producer ${producer} came ${own}, not ${expected}`)
      })
    },
    nameOf: (word) =>
      nameOfRing(word, MPSC_CONTROL_BYTES, capacity) ?? nameOfProducer(word) ?? nameOfEntry(word, capacity),
  }
}

/** The thread of that name in the ring. */
function threadOf(name: number): string {
  return `producer ${name - 1}`
}

/** Kinds of the records, all of which must be whole. */
function read(reader: MpscReader, words: Int32Array, tries: number, release: boolean): number[] {
  const found: number[] = []
  for (let i = 0; i < tries; i++) {
    if (!reader.peek()) {
      if (reader.isStalled && reader.recover()) continue
      if (tries === Number.POSITIVE_INFINITY) break
      if (reader.releaseBytes > 0 && release) reader.release()
      continue
    }
    const { start, end, kind } = reader
    reader.advance()
    const ends = [words[start >> 2], words[(end >> 2) - 1]]
    if (ends.some((word) => word !== kind + 100)) throw new Error(`record ${kind} has ${ends}`)
    found.push(kind)
    if (release) reader.release()
  }
  return found
}

function nameOfProducer(word: number): string | undefined {
  const at = 4 * word - MPSC_PRODUCERS
  if (at < 0 || word >= MPSC_CONTROL_BYTES / 4) return undefined
  const field = ['who', 'intent', 'wrapped'][(at % MPSC_PRODUCER_BYTES) / 4]
  return `${field} of ${Math.floor(at / MPSC_PRODUCER_BYTES)}`
}

function nameOfEntry(word: number, capacity: number): string | undefined {
  const at = word - (MPSC_CONTROL_BYTES + capacity) / 4
  if (at < 0) return undefined
  const field = ['stamp', 'length', 'kind', 'reserved'][at % ENTRY_WORDS]
  return `${field} of ${UNIT_BYTES * Math.floor(at / ENTRY_WORDS)}`
}

/** Two producers for a ring of one unit, which is full as soon as one of them has claimed; positions wrap as integers. */
export const full: Scenario = mpsc({
  capacity: 64,
  at: 2 ** 31 - 64,
  producers: [[4], [4]],
  writes: 2,
  reads: 2,
})
/** A record of two units that begins after padding, if its producer is second. */
export const padded: Scenario = mpsc({ capacity: 256, at: 128, producers: [[100], [4]], writes: 1, reads: 3 })
/** A claim that is given up, before or after one that is not. */
export const aborted: Scenario = mpsc({
  capacity: 128,
  at: 0,
  producers: [[4], [4]],
  writes: 1,
  reads: 2,
  aborts: 0,
})
/** One producer, one record: for bugs that leave everything else open. */
export const single: Scenario = mpsc({ capacity: 128, at: 0, producers: [[8]], writes: 1, reads: 2 })
/** Of two producers. */
export const pair: Scenario = mpsc({ capacity: 128, at: 0, producers: [[4], [4]], writes: 1, reads: 2 })
/** Longer executions, of which there are too many where memory is weak. */
export const long: Scenario = mpsc({
  capacity: 128,
  at: 2 ** 31 - 64,
  producers: [[4, 4], [4]],
  writes: 3,
  reads: 3,
})
export const three: Scenario = mpsc({ capacity: 128, at: 0, producers: [[4], [4], [4]], writes: 2, reads: 2 })
/** A producer that may die between claim and commit, alone, with another one, with padding, and where the ring is full. */
export const dying: Scenario = mpsc({
  capacity: 128,
  at: 0,
  producers: [[4]],
  writes: 1,
  reads: 2,
  recovers: true,
})
export const dyingBeside: Scenario = mpsc({
  capacity: 128,
  at: 0,
  producers: [[4], [4]],
  writes: 1,
  reads: 2,
  recovers: true,
})
export const dyingPadded: Scenario = mpsc({
  capacity: 256,
  at: 192,
  producers: [[100]],
  writes: 1,
  reads: 3,
  recovers: true,
})
export const dyingPaddedBeside: Scenario = mpsc({
  capacity: 256,
  at: 192,
  producers: [[100], [4]],
  writes: 1,
  reads: 2,
  recovers: true,
})
export const dyingFull: Scenario = mpsc({
  capacity: 64,
  at: 2 ** 31 - 64,
  producers: [[4], [4]],
  writes: 2,
  reads: 2,
  recovers: true,
})
