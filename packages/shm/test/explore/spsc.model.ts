import type { Scenario } from '@ipc/faults'
import { RING_CONTROL_BYTES, RING_HEAD, RING_TAIL } from '../../src/ring/ring-layout.js'
import { SpscReader } from '../../src/ring/spsc-reader.js'
import { SpscWriter } from '../../src/ring/spsc-writer.js'
import { expectInOrder, nameOfRing, recordAt } from './records.js'

interface SpscInit {
  readonly capacity: number
  /** Where both positions begin. */
  readonly at: number
  /** Payload bytes of the records: 4 or 8. */
  readonly sizes: readonly number[]
  /** Attempts of the producer to write, and of the consumer to read, altogether. */
  readonly writes: number
  readonly reads: number
  /** Records that the producer publishes, and the consumer releases, at once. */
  readonly batch?: number
}

/** A producer of numbered records, and a consumer, neither of which waits. */
function spsc({ capacity, at, sizes, writes, reads, batch = 1 }: SpscInit): Scenario {
  return {
    memoryBytes: RING_CONTROL_BYTES + capacity,
    setUp(memory) {
      const control = new Int32Array(memory, 0, RING_CONTROL_BYTES / 4)
      control[RING_TAIL >> 2] = at
      control[RING_HEAD >> 2] = at
    },
    threads: {
      producer(memory) {
        const writer = new SpscWriter(memory, 0, capacity)
        const words = new Int32Array(memory, RING_CONTROL_BYTES, capacity / 4)
        let written = 0
        let staged = 0
        for (let i = 0; i < writes && written < sizes.length; i++) {
          const bytes = sizes[written] as number
          const index = writer.tryClaim(bytes, written)
          if (index < 0) continue
          for (let word = 0; word < bytes / 4; word++) words[(index >> 2) + word] = 10 * (written + 1) + word
          writer.stage()
          written++
          if (++staged < batch) continue
          writer.publish()
          staged = 0
        }
        if (staged > 0) writer.publish()
        return written
      },
      consumer(memory) {
        const reader = new SpscReader(memory, 0, capacity)
        const words = new Int32Array(memory, RING_CONTROL_BYTES, capacity / 4)
        const found: number[][] = []
        for (let i = 0; i < reads; i++) {
          if (!reader.peek()) {
            if (reader.releaseBytes > 0) reader.release()
            continue
          }
          const { start, end, kind } = reader
          // Before the record is read, as consumers do.
          reader.advance()
          found.push(recordAt(words, start, end, kind))
          if (found.length % batch === 0) reader.release()
        }
        return found
      },
    },
    check({ results, memory }) {
      const found = [...(results.consumer as number[][])]
      // Nor is what is left in the ring.
      const reader = new SpscReader(memory.buffer, 0, capacity)
      const words = memory.subarray(RING_CONTROL_BYTES / 4)
      // The consumer may have stopped before it released what it had read.
      while (reader.peek()) {
        const record = recordAt(words, reader.start, reader.end, reader.kind)
        if (reader.kind >= found.length) found.push(record)
        reader.advance()
      }
      const written = results.producer as number
      if (found.length !== written) throw new Error(`${found.length} of ${written} records came`)
      expectInOrder(found, sizes)
    },
    nameOf: (word) => nameOfRing(word, RING_CONTROL_BYTES, capacity),
  }
}

/** A ring of two records, which is full most of the time; positions wrap as integers too. */
export const full: Scenario = spsc({ capacity: 32, at: 2 ** 31 - 16, sizes: [8, 8, 8], writes: 5, reads: 4 })
/** The second record does not fit before the end: it begins after padding. */
export const padded: Scenario = spsc({ capacity: 64, at: 40, sizes: [4, 8, 4], writes: 3, reads: 4 })
/** The first record does not, and the ring is full after it. */
export const paddedAndFull: Scenario = spsc({ capacity: 32, at: 24, sizes: [8, 8], writes: 4, reads: 5 })
/** Two records are published, and released, at once. */
export const batched: Scenario = spsc({
  capacity: 64,
  at: 0,
  sizes: [4, 8, 4, 4],
  writes: 5,
  reads: 5,
  batch: 2,
})
/** One record, for bugs that leave everything else open. */
export const single: Scenario = spsc({ capacity: 32, at: 0, sizes: [8], writes: 1, reads: 2 })
/** Two records, the second in the place of the first. */
export const reused: Scenario = spsc({ capacity: 16, at: 0, sizes: [8, 8], writes: 3, reads: 1 })
