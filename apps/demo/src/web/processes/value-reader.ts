import { type Connection, serve } from '@ipc/core'
import type { Region } from '@ipc/shm'
import { VALUE_WORDS } from '../limits.js'
import type { ValueGuard } from '../protocol.js'
import type { Order } from './orders.js'
import { type RaceValue, raceValue } from './race-memory.js'
import { tellWhenDone } from './racer.js'

/** Looks between two turns of the event loop. */
const CHUNK = 10_000

/** What a reader says of itself. */
export interface ValueReaderReport {
  readonly looks: number
  readonly torn: number
  readonly sample: readonly number[] | undefined
}

/** Reads the value that another one writes, and looks whether it is whole. In a process or a Web Worker. */
export function readValues(region: Region, supervisor: Connection): void {
  const reader = new ValueReader(raceValue(region))
  serve(supervisor, (body) => {
    const order = body as Order
    if (order.type === 'look') void tellWhenDone(reader.look(order.guard, order.count), supervisor)
    return reader.report
  })
}

class ValueReader {
  readonly #value: RaceValue
  #looks = 0
  #torn = 0
  #sample: readonly number[] | undefined

  constructor(value: RaceValue) {
    this.#value = value
  }

  get report(): ValueReaderReport {
    return { looks: this.#looks, torn: this.#torn, sample: this.#sample }
  }

  async look(guard: ValueGuard, count: number): Promise<void> {
    this.#looks = 0
    this.#torn = 0
    this.#sample = undefined
    while (this.#looks < count) {
      const chunk = Math.min(CHUNK, count - this.#looks)
      for (let i = 0; i < chunk; i++)
        this.#check(guard === 'seqlock' ? this.#getGuarded() : this.#getPlainly())
      this.#looks += chunk
      await new Promise((resolve) => setTimeout(resolve))
    }
  }

  #getPlainly(): Int32Array {
    const copy = new Int32Array(VALUE_WORDS)
    const { plain } = this.#value
    for (let word = 0; word < VALUE_WORDS; word++) copy[word] = plain[word]!
    return copy
  }

  #getGuarded(): Int32Array {
    const copy = new Int32Array(VALUE_WORDS)
    // Nothing yet is whole, too.
    new Uint8Array(copy.buffer).set(this.#value.guarded.get() ?? [])
    return copy
  }

  #check(value: Int32Array): void {
    if (value.every((word) => word === value[0])) return
    this.#torn++
    this.#sample = [...value]
  }
}
