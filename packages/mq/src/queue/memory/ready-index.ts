import type { Entry } from './entry.js'
import { Heap } from './heap.js'
import { Line } from './line.js'

/** Messages of one priority that can be delivered. */
class Level {
  readonly priority: number
  highSlot = -1
  lowSlot = -1
  /** Those that came in turn. */
  readonly #line = new Line<Entry>((entry) => entry.inLine)
  #last = 0
  /** Those that came back, or from a delay. */
  readonly #late = new Heap<'turnSlot', Entry>('turnSlot', (a, b) => a.seq < b.seq)

  constructor(priority: number) {
    this.priority = priority
  }

  get size(): number {
    return this.#line.size + this.#late.size
  }

  add(entry: Entry): void {
    if (this.#line.size > 0 && entry.seq < this.#last) {
      this.#late.add(entry)
      return
    }
    entry.inLine = true
    this.#last = entry.seq
    this.#line.push(entry)
  }

  first(): Entry | undefined {
    const inTurn = this.#line.first()
    const late = this.#late.first()
    if (inTurn === undefined || late === undefined) return inTurn ?? late
    return late.seq < inTurn.seq ? late : inTurn
  }

  remove(entry: Entry): void {
    if (!entry.inLine) {
      this.#late.remove(entry)
      return
    }
    const isFirst = this.#line.first() === entry
    entry.inLine = false
    if (isFirst) this.#line.shift()
    else this.#line.left()
  }

  *inOrder(): Generator<Entry> {
    const line = this.#line[Symbol.iterator]()
    const late = this.#late.inOrder()
    let inTurn = line.next()
    let out = late.next()
    while (!inTurn.done || !out.done) {
      if (out.done || (!inTurn.done && inTurn.value.seq < out.value.seq)) {
        yield inTurn.value
        inTurn = line.next()
      } else {
        yield out.value
        out = late.next()
      }
    }
  }

  clear(): void {
    for (const entry of this.#line) entry.inLine = false
    this.#line.clear()
    this.#late.clear()
  }
}

/**
 * The messages that can be delivered: a line for each priority, so that sending and taking cost the same however many wait.
 */
export class ReadyIndex {
  readonly #levels = new Map<number, Level>()
  /** Levels with messages in them, from both ends. */
  readonly #high = new Heap<'highSlot', Level>('highSlot', (a, b) => a.priority > b.priority)
  readonly #low = new Heap<'lowSlot', Level>('lowSlot', (a, b) => a.priority < b.priority)

  add(entry: Entry): void {
    let level = this.#levels.get(entry.priority)
    if (level === undefined) {
      level = new Level(entry.priority)
      this.#levels.set(entry.priority, level)
    }
    if (level.size === 0) {
      this.#high.add(level)
      this.#low.add(level)
    }
    level.add(entry)
  }

  remove(entry: Entry): void {
    const level = this.#levels.get(entry.priority) as Level
    level.remove(entry)
    if (level.size > 0) return
    this.#high.remove(level)
    this.#low.remove(level)
  }

  first(): Entry | undefined {
    return this.#high.first()?.first()
  }

  lowest(): Entry | undefined {
    return this.#low.first()?.first()
  }

  *inOrder(): Generator<Entry> {
    for (const level of this.#high.inOrder()) yield* level.inOrder()
  }

  clear(): void {
    for (const level of this.#levels.values()) level.clear()
    this.#levels.clear()
    this.#high.clear()
    this.#low.clear()
  }
}
