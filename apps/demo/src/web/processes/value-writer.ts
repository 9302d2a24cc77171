import { type Connection, serve } from '@ipc/core'
import type { Region } from '@ipc/shm'
import { VALUE_WORDS } from '../limits.js'
import type { ValueGuard } from '../protocol.js'
import type { Order } from './orders.js'
import { Pacer } from './pacer.js'
import { type RaceValue, raceValue } from './race-memory.js'

/** Values of one turn: some milliseconds, because a browser lets as many pass until the next one. */
const CHUNK = 100_000

/** What a writer says of itself. */
export interface ValueWriterReport {
  readonly writes: number
}

/** Sets a value again and again, each time to other words that are all the same. In a process or a Web Worker. */
export function writeValues(region: Region, supervisor: Connection): void {
  const writer = new ValueWriter(raceValue(region))
  const pacer = new Pacer(() => writer.write(CHUNK))
  serve(supervisor, (body) => {
    const order = body as Order
    if (order.type === 'pace') pacer.set(order.pace)
    if (order.type === 'write') {
      writer.guard = order.guard
      writer.writes = 0
    }
    return { writes: writer.writes } satisfies ValueWriterReport
  })
}

class ValueWriter {
  guard: ValueGuard = 'none'
  writes = 0
  readonly #value: RaceValue
  readonly #next = new Int32Array(VALUE_WORDS)
  readonly #nextBytes = new Uint8Array(this.#next.buffer)
  #number = 0

  constructor(value: RaceValue) {
    this.#value = value
  }

  write(count: number): number {
    for (let i = 0; i < count; i++) {
      this.#next.fill(++this.#number)
      if (this.guard === 'seqlock') this.#value.guarded.set(this.#nextBytes)
      else this.#setPlainly()
    }
    this.writes += count
    return count
  }

  /** Word after word, as the fields of an object would be written. */
  #setPlainly(): void {
    const { plain } = this.#value
    for (let word = 0; word < VALUE_WORDS; word++) plain[word] = this.#number
  }
}
