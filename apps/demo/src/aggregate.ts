import type { ObjectsShape } from './shape.js'

/** One row of the aggregate. */
export interface Group {
  readonly key: string
  readonly count: number
  /** Sum of the value column over the records that have a number there. */
  readonly sum: number
  /** How many records those are. */
  readonly valued: number
}

/** Rows that travel back to P1; a column of unique values would have one per record. */
const MAX_GROUPS = 100

/** Counts and delays of flights by the hour of departure. */
export class HourlyDelays {
  readonly #counts = new Float64Array(24)
  readonly #sums = new Float64Array(24)

  add(time: number, delay: number): void {
    const hour = time | 0
    this.#counts[hour]!++
    this.#sums[hour]! += delay
  }

  groups(): Group[] {
    const groups: Group[] = []
    this.#counts.forEach((count, hour) => {
      const key = String(hour).padStart(2, '0')
      if (count > 0) groups.push({ key, count, sum: this.#sums[hour]!, valued: count })
    })
    return groups
  }
}

/** Counts and means of any records, by the values of one column. */
export class GroupedMeans {
  readonly #shape: ObjectsShape
  readonly #groups = new Map<unknown, { count: number; sum: number; valued: number }>()

  constructor(shape: ObjectsShape) {
    this.#shape = shape
  }

  add(record: Readonly<Record<string, unknown>>): void {
    const { value } = this.#shape
    const key = this.#keyOf(record)
    let group = this.#groups.get(key)
    if (group === undefined) {
      group = { count: 0, sum: 0, valued: 0 }
      this.#groups.set(key, group)
    }
    group.count++
    const number = value === undefined ? undefined : record[value]
    if (typeof number === 'number') {
      group.sum += number
      group.valued++
    }
  }

  /** The largest groups first. */
  groups(): Group[] {
    return [...this.#groups]
      .map(([key, group]) => ({ key: key === undefined ? '(none)' : String(key), ...group }))
      .sort((a, b) => b.count - a.count)
      .slice(0, MAX_GROUPS)
  }

  get groupCount(): number {
    return this.#groups.size
  }

  #keyOf(record: Readonly<Record<string, unknown>>): unknown {
    const { key, keyIs } = this.#shape
    if (key === undefined) return 'all'
    const value = record[key]
    return keyIs === 'hour' && typeof value === 'number' ? Math.floor(value) : value
  }
}
