import { IpcError } from '@ipc/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  ENTRY_STAMP,
  ENTRY_WORDS,
  intentOf,
  MPSC_CONTROL_BYTES,
  MPSC_PRODUCER_INTENT,
  mpscRingBytes,
  producerWord,
  stampOf,
  UNIT_BYTES,
} from '../src/ring/mpsc-layout.js'
import { MpscReader } from '../src/ring/mpsc-reader.js'
import { type Claimant, MpscWriter } from '../src/ring/mpsc-writer.js'
import { RING_HEAD, RING_TAIL } from '../src/ring/ring-layout.js'

const CAPACITY_BYTES = 1024
const UNITS = CAPACITY_BYTES / UNIT_BYTES
/** Stamps are swept in each lap whose number is a multiple of this. */
const SWEEP_LAPS = 128

/**
 * Units of records with which every other lap begins with a record that was claimed together with the padding before
 * it: 4 4 4 4 | 4 4 4 3 padding | ...
 */
const ALTERNATING = [4, 4, 4, 4, 4, 4, 4, 3]

/** A ring, driven by one thread, with a look at its stamps. */
class Lapping {
  readonly writer: MpscWriter
  readonly reader: MpscReader
  readonly #buffer: SharedArrayBuffer
  readonly #control: Int32Array
  readonly #entries: Int32Array
  #passed = 0

  /** @param claimant - Whose the writer is, where producers say what they claim. */
  constructor(position: number, claimant?: Claimant) {
    const buffer = new SharedArrayBuffer(mpscRingBytes(CAPACITY_BYTES))
    this.#buffer = buffer
    this.#control = new Int32Array(buffer, 0, MPSC_CONTROL_BYTES / 4)
    this.#entries = new Int32Array(buffer, MPSC_CONTROL_BYTES + CAPACITY_BYTES)
    this.#control[RING_TAIL >> 2] = position
    this.#control[RING_HEAD >> 2] = position
    this.writer = new MpscWriter(buffer, 0, CAPACITY_BYTES, claimant)
    this.reader = new MpscReader(buffer, 0, CAPACITY_BYTES, undefined)
  }

  /** One more producer. */
  join(claimant: Claimant): MpscWriter {
    return new MpscWriter(this.#buffer, 0, CAPACITY_BYTES, claimant)
  }

  /** What that participant says that it claims. */
  saidBy({ id }: Claimant): number {
    return this.#control[producerWord(id, MPSC_PRODUCER_INTENT)] as number
  }

  /** Write over that, as one does that was taken for dead and goes on. */
  writeOver({ id }: Claimant, said: number): void {
    this.#control[producerWord(id, MPSC_PRODUCER_INTENT)] = said
  }

  get tail(): number {
    return this.#control[RING_TAIL >> 2] as number
  }

  /** Write and read a record of so many units. */
  pass(units: number): void {
    if (this.writer.tryClaim(units * UNIT_BYTES, 1) < 0) throw new Error('the ring is full')
    this.writer.stage()
    if (!this.reader.peek() || this.reader.end - this.reader.start !== units * UNIT_BYTES) {
      throw new Error('another record came')
    }
    this.reader.advance()
    this.reader.release()
  }

  /** Write and read records of so many units, again and again, for so many laps; goes on where it stopped. */
  passLaps(pattern: readonly number[], laps: number): void {
    const start = this.tail
    while ((this.tail - start) >>> 0 < laps * CAPACITY_BYTES) {
      this.pass(pattern[this.#passed++ % pattern.length] as number)
    }
  }

  plant(unit: number, stamp: number): void {
    this.#entries[unit * ENTRY_WORDS + ENTRY_STAMP] = stamp
  }

  /** How many bytes ago the oldest stamp was written. */
  get oldest(): number {
    const ages = Array.from(
      { length: UNITS },
      (_, unit) => this.#entries[unit * ENTRY_WORDS + ENTRY_STAMP] as number,
    )
      .filter((stamp) => stamp !== 0)
      .map((stamp) => (this.tail - (stamp & -UNIT_BYTES)) >>> 0)
    return Math.max(0, ...ages)
  }
}

test('no stamp outlives the next lap in which stamps are swept, whatever the records are', () => {
  const pattern = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 12 })
  const position = fc.constantFrom(0, 1024 - 64, 5 * CAPACITY_BYTES, -64, -130 * CAPACITY_BYTES, 2 ** 31 - 64)
  fc.assert(
    fc.property(position, pattern, (start, units) => {
      const ring = new Lapping(start)
      // A stamp in each entry; then records that cover some of them each time.
      for (let i = 0; i < UNITS; i++) ring.pass(1)
      ring.passLaps(units, 2 * SWEEP_LAPS + 2)
      expect(ring.oldest).toBeLessThanOrEqual((SWEEP_LAPS + 2) * CAPACITY_BYTES)
    }),
    {
      numRuns: 60,
      examples: [
        [0, ALTERNATING],
        [0, [4]],
        [-64, ALTERNATING],
      ],
    },
  )
})

test.each([
  ['records that fill laps', [4]],
  ['records of which every other one comes with padding', [3]],
  ['records that begin every other lap with padding', ALTERNATING],
])('a stamp of 2 ** 32 bytes ago does not make a record, after %s', (_, pattern) => {
  const laps = 200
  const ring = new Lapping(0)
  // The second unit of a later lap: what was left there when positions were the same, so many bytes ago.
  const position = laps * CAPACITY_BYTES + UNIT_BYTES
  ring.passLaps(pattern, 2)
  ring.plant(1, stampOf(position))
  ring.passLaps(pattern, laps - 3)
  while (ring.tail !== position) ring.pass(1)
  expect(ring.reader.peek()).toBe(false)
  expect(ring.writer.tryClaim(1, 1)).toBe(UNIT_BYTES)
  expect(ring.reader.peek()).toBe(false)
  // So it would, had it been left there until now.
  ring.plant(1, stampOf(position))
  expect(ring.reader.peek()).toBe(true)
})

describe('a producer that is silent while others go around', () => {
  const claimant = (id: number, fenced = false): Claimant => ({
    id,
    name: 100 + id,
    isFenced: fenced,
    checkSeat() {
      if (fenced) throw new IpcError('IPC_FENCED', 'taken for dead')
    },
  })
  const silent = claimant(5)

  test.each([
    ['records that fill laps', [4]],
    ['records of which every other one comes with padding', [3]],
    ['records that begin every other lap with padding', ALTERNATING],
  ])('is forgotten, and goes on, after %s', (_, pattern) => {
    const ring = new Lapping(0, claimant(0))
    const other = ring.join(silent)
    for (let time = 0; time < 3; time++) {
      expect(other.tryClaim(1, 2)).toBeGreaterThanOrEqual(0)
      other.stage()
      expect(ring.reader.peek()).toBe(true)
      expect(ring.reader.kind).toBe(2)
      ring.reader.advance()
      ring.reader.release()
      expect(ring.saidBy(silent)).not.toBe(0)
      ring.passLaps(pattern, 2 * SWEEP_LAPS + 2)
      expect(ring.saidBy(silent)).toBe(0)
    }
  })

  test('does not take an old head for a near one', () => {
    const ring = new Lapping(-CAPACITY_BYTES, claimant(0))
    const other = ring.join(silent)
    // Forgotten, so that it remembers nothing; and full for everybody.
    ring.passLaps([4], 2 * SWEEP_LAPS + 2)
    for (let i = 0; i < UNITS; i++) {
      expect(ring.writer.tryClaim(1, 1)).toBeGreaterThanOrEqual(0)
      ring.writer.stage()
    }
    expect(other.tryClaim(1, 2)).toBe(-1)
    for (let i = 0; i < UNITS; i++) {
      expect(ring.reader.peek()).toBe(true)
      ring.reader.advance()
    }
    ring.reader.release()
    expect(other.tryClaim(1, 2)).toBeGreaterThanOrEqual(0)
  })

  test('and was taken for dead hears of it with its next claim, whoever has its place', () => {
    const ring = new Lapping(0, claimant(0))
    const evicted = ring.join(claimant(5, true))
    expect(ring.join({ ...silent, name: 300 }).tryClaim(1, 1)).toBe(0)
    expect(() => evicted.tryClaim(1, 1)).toThrow(IpcError)
    expect(ring.saidBy(silent)).toBe(1)
  })
  test('goes on when one that was taken for dead has written over what it says', () => {
    const ring = new Lapping(0, claimant(0))
    const successor = ring.join(silent)
    for (let record = 0; record < 3; record++) {
      ring.writeOver(silent, intentOf(512))
      expect(successor.tryClaim(1, 2)).toBe(record * UNIT_BYTES)
      expect(ring.saidBy(silent)).toBe(intentOf(record * UNIT_BYTES))
      successor.stage()
    }
  })
})
