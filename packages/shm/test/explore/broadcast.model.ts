import type { Scenario } from '@ipc/faults'
import {
  BROADCAST_CONTROL_BYTES,
  BROADCAST_HEADER_BYTES,
  BROADCAST_INTENT,
  BROADCAST_MARKS,
  BROADCAST_READERS,
  BROADCAST_TAIL,
  MARK_BYTES,
  MAX_READERS,
  READER_BYTES,
  READER_WHO,
} from '../../src/ring/broadcast-layout.js'
import { BroadcastReader } from '../../src/ring/broadcast-reader.js'
import { BroadcastWriter } from '../../src/ring/broadcast-writer.js'
import { HoldingReaders } from '../../src/ring/holding-readers.js'
import type { Participants } from '../../src/wait/participants.js'

/** Records without payload: their kind tells them apart. Eight of them fill the ring. */
const CAPACITY = 128
const RECORD = BROADCAST_HEADER_BYTES
const HOLDER = 3

interface BroadcastInit {
  /** Position at which the ring begins; and records that are there already. */
  readonly at?: number
  readonly before: number
  readonly writes: number
  readonly reads: number
  readonly from: 'latest' | 'oldest'
  /** Whether the producer waits for the reader. */
  readonly holds?: boolean
}

/** All that the ring needs of participants, who all live. */
const participants = { nameOf: () => 1, lives: () => true } as Partial<Participants> as Participants

function holdingIn(memory: SharedArrayBuffer): HoldingReaders {
  return new HoldingReaders(new Int32Array(memory, 0, BROADCAST_CONTROL_BYTES / 4), participants)
}

/** A producer that waits for nobody, or only for a reader that holds it back, and a reader. */
function broadcast({ at = 0, before, writes, reads, from, holds = false }: BroadcastInit): Scenario {
  const write = (memory: SharedArrayBuffer, first: number, tries: number): number => {
    const writer = new BroadcastWriter(memory, 0, CAPACITY, holdingIn(memory))
    let kind = first
    for (let i = 0; i < tries; i++) {
      if (writer.tryClaim(0, kind) < 0) continue
      writer.stage()
      writer.publish()
      kind++
    }
    return kind
  }
  return {
    memoryBytes: BROADCAST_CONTROL_BYTES + CAPACITY,
    setUp(memory) {
      const control = new Int32Array(memory, 0, BROADCAST_CONTROL_BYTES / 4)
      control[BROADCAST_INTENT >> 2] = at
      control[BROADCAST_TAIL >> 2] = at
      control[BROADCAST_MARKS >> 2] = at
      write(memory, 0, before)
    },
    threads: {
      producer: (memory) => write(memory, before, writes),
      reader(memory) {
        const reader = new BroadcastReader(memory, 0, CAPACITY, {
          from,
          holdAs: holds ? HOLDER : undefined,
          holding: holdingIn(memory),
          failWhenLapped: false,
        })
        const found: number[] = []
        for (let i = 0; i < reads; i++) {
          if (!reader.peek()) continue
          found.push(reader.kind)
          reader.advance()
          reader.release()
        }
        return { found, lost: reader.lost }
      },
    },
    check({ results }) {
      const { found, lost } = results.reader as { found: number[]; lost: number }
      const written = results.producer as number
      const [first = 0] = found
      const last = found.at(-1) ?? -1
      found.forEach((kind, i) => {
        if (kind >= written || (i > 0 && kind <= (found[i - 1] as number))) throw new Error(`found ${found}`)
      })
      if (holds && lost > 0) throw new Error(`lost ${lost} though it holds the producer back`)
      // All between the first and the last have come, or were counted as lost; some may have been before the first.
      const between = found.length === 0 ? 0 : last - first + 1 - found.length
      if (between > lost) throw new Error(`found ${found} and lost only ${lost}`)
    },
    nameOf,
  }
}

function nameOf(word: number): string | undefined {
  if (word === BROADCAST_INTENT >> 2) return 'intent'
  if (word === BROADCAST_TAIL >> 2) return 'tail'
  const mark = 4 * word - BROADCAST_MARKS
  if (mark >= 0 && mark < 2 * MARK_BYTES)
    return `${mark % MARK_BYTES === 0 ? 'position' : 'number'} of mark ${mark >> 3}`
  const at = 4 * word - BROADCAST_CONTROL_BYTES
  if (at >= 0)
    return `${['length', 'kind', 'number', 'position'][(at % RECORD) / 4]} at ${at - (at % RECORD)}`
  const slot = Math.floor((4 * word - BROADCAST_READERS) / READER_BYTES)
  if (slot < 0 || slot >= MAX_READERS) return undefined
  return `${(4 * word - BROADCAST_READERS) % READER_BYTES === READER_WHO ? 'owner' : 'position'} of slot ${slot}`
}

/** A reader that follows. */
export const following: Scenario = broadcast({ before: 1, writes: 2, reads: 3, from: 'latest' })
/** The ring is full when the reader begins at its oldest record, which the producer writes over. */
export const lapped: Scenario = broadcast({ before: 8, writes: 1, reads: 2, from: 'oldest' })
/** Twice, and where positions wrap as integers. */
export const lappedTwice: Scenario = broadcast({ before: 8, writes: 2, reads: 2, from: 'oldest' })
export const wrapping: Scenario = broadcast({
  at: 2 ** 31 - 64,
  before: 4,
  writes: 2,
  reads: 3,
  from: 'oldest',
})
/** A reader that holds the producer back begins while the producer writes. */
export const holding: Scenario = broadcast({ before: 8, writes: 1, reads: 2, from: 'oldest', holds: true })
export const holdingTwice: Scenario = broadcast({
  before: 8,
  writes: 2,
  reads: 3,
  from: 'oldest',
  holds: true,
})
export const holdingLatest: Scenario = broadcast({
  before: 7,
  writes: 2,
  reads: 2,
  from: 'latest',
  holds: true,
})
