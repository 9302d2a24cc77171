import type { Entry } from './entry.js'
import { Heap } from './heap.js'
import { SortedLine } from './sorted-line.js'

/** Messages of one priority that can be delivered: those that came in turn, and those that came back or from a delay. */
class Level extends SortedLine<'turnSlot', Entry> {
  readonly priority: number
  highSlot = -1
  lowSlot = -1

  constructor(priority: number) {
    super('turnSlot', (a, b) => a.seq < b.seq)
    this.priority = priority
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
    for (const level of this.#high.inOrder()) yield* level
  }

  clear(): void {
    for (const level of this.#levels.values()) level.clear()
    this.#levels.clear()
    this.#high.clear()
    this.#low.clear()
  }
}
