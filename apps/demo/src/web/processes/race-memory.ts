import { bytes } from '@ipc/core'
import { type Mutex, mutex, type Region, type SharedValue, sharedBytes, sharedValue } from '@ipc/shm'
import { VALUE_WORDS } from '../limits.js'

/** The name of the region of the races. */
export const RACE_REGION = 'races'
/** Room for what lies in it, and for those who take part. */
export const RACE_REGION_BYTES = 32_768

/** Words of one cache line: counters of different processes lie so far apart. */
const LINE = 16
const COUNTER = 0

/**
 * One counter for both, and one for each alone.
 *
 * ```
 * word 0 counter | 16 increments of the first | 32 increments of the second
 * ```
 */
export class RaceCounters {
  readonly #words: Int32Array
  readonly lock: Mutex

  constructor(region: Region) {
    const memory = sharedBytes(region, 'counters', { bytes: 3 * LINE * 4 })
    this.#words = new Int32Array(memory.buffer, memory.byteOffset, 3 * LINE)
    this.lock = mutex(region, 'counter')
  }

  /** As most would write it: read, add one, write. Two who do it at once lose updates. */
  addPlainly(): void {
    this.#words[COUNTER] = this.#words[COUNTER]! + 1
  }

  addAtomically(): void {
    Atomics.add(this.#words, COUNTER, 1)
  }

  /** Say how far racer 0 or 1 has come. */
  setDone(racer: number, done: number): void {
    Atomics.store(this.#words, LINE * (racer + 1), done)
  }

  /** What the counter says, and how far both have come: looked at before it. */
  read(): { readonly counter: number; readonly done: readonly [number, number] } {
    const done = [Atomics.load(this.#words, LINE), Atomics.load(this.#words, 2 * LINE)] as const
    return { counter: Atomics.load(this.#words, COUNTER), done }
  }

  reset(): void {
    for (const word of [COUNTER, LINE, 2 * LINE]) Atomics.store(this.#words, word, 0)
  }
}

/** A value whose words all are the same number: in plain memory, and as a `SharedValue`. */
export interface RaceValue {
  readonly plain: Int32Array
  readonly guarded: SharedValue<Uint8Array>
}

/** The value of the region; whoever comes first creates it. */
export function raceValue(region: Region): RaceValue {
  const memory = sharedBytes(region, 'plain value', { bytes: VALUE_WORDS * 4 })
  return {
    plain: new Int32Array(memory.buffer, memory.byteOffset, VALUE_WORDS),
    guarded: sharedValue(region, 'value', { codec: bytes(), maxBytes: VALUE_WORDS * 4 }),
  }
}
