/** Something that was promised, and not kept. */
export interface Violation {
  readonly kind: 'lost' | 'repeated' | 'reordered' | 'torn' | 'unwritten' | 'stuck' | 'leaked' | 'broken'
  readonly what: string
}

/** A record as it was delivered: the producer's incarnation, and its number there. */
export interface Delivered {
  readonly from: number
  readonly number: number
}

/** Of the last records that came, so many are shown with a violation. */
const SHOWN = 12
/** More of them tell nothing new. */
const MOST_VIOLATIONS = 50

/** Collects violations, with what led to them. */
export class Violations {
  readonly all: Violation[] = []

  add(kind: Violation['kind'], what: string): void {
    if (this.all.length < MOST_VIOLATIONS) this.all.push({ kind, what })
  }
}

interface ProducerState {
  /** The number that comes next. */
  next: number
  /** Numbers that were passed over. */
  readonly missing: Set<number>
}

/**
 * What came out of a ring, against what producers say they have put in. Each record has to come once, those of one
 * producer in order. When a consumer has died, records that it had not released come again to the next one: all of them
 * from some record on, and nothing but them.
 */
export class RingHistory {
  readonly #name: string
  readonly #violations: Violations
  readonly #producers = new Map<number, ProducerState>()
  /** Delivered since the last release. */
  #unreleased: Delivered[] = []
  /** What may come again, and from where on it does. */
  #again: readonly Delivered[] = []
  #at = -1
  readonly #last: string[] = []
  /** Records, and those that came again. */
  records = 0
  redelivered = 0

  constructor(name: string, violations: Violations) {
    this.#name = name
    this.#violations = violations
  }

  delivered(record: Delivered): void {
    this.#remember(`${record.from}.${record.number}`)
    const isAgain = this.#comesAgain(record)
    this.#unreleased.push(record)
    if (isAgain) {
      this.redelivered++
      return
    }
    this.records++
    this.#isNext(record)
  }

  /** The consumer has given back the memory of all that was delivered to it. */
  released(): void {
    this.#unreleased = []
  }

  /** The consumer is dead, and another one goes on. */
  restarted(): void {
    this.#remember('another consumer')
    // It may have died before the others had come again, or any of them.
    const rest = this.#at >= 0 ? this.#again.slice(this.#at) : this.#again
    this.#again = [...this.#unreleased, ...rest]
    this.#unreleased = []
    this.#at = -1
  }

  /** A record was not as it was written. */
  torn(what: string): void {
    this.#report('torn', what)
  }

  /**
   * All has been read: everything that a producer says it has committed must have come. It says so after the commit, and
   * may have died in between.
   */
  finished(committedBy: (from: number) => number, producers: Iterable<number>): void {
    for (const from of producers) {
      const { next, missing } = this.#stateOf(from)
      const committed = committedBy(from)
      if (next < committed) this.#report('lost', `${committed - next} records of ${from}, from ${next} on`)
      if (next > committed + 1) this.#report('unwritten', `${from} has committed ${committed}, ${next} came`)
      for (const number of missing) this.#report('lost', `${from}.${number}`)
    }
  }

  #comesAgain(record: Delivered): boolean {
    if (this.#at < 0) {
      this.#at = this.#again.findIndex((old) => isSame(old, record))
      if (this.#at < 0) {
        this.#again = []
        return false
      }
    }
    const expected = this.#again[this.#at]
    if (expected === undefined) return false
    this.#at++
    if (isSame(expected, record)) return true
    this.#report(
      'reordered',
      `${record.from}.${record.number} came again where ${expected.from}.${expected.number} had come`,
    )
    this.#again = []
    return true
  }

  #isNext({ from, number }: Delivered): void {
    const state = this.#stateOf(from)
    if (number === state.next) state.next++
    else if (number > state.next) {
      for (let missing = state.next; missing < number && state.missing.size < 1000; missing++) {
        state.missing.add(missing)
      }
      state.next = number + 1
    } else if (state.missing.delete(number))
      this.#report('reordered', `${from}.${number} came after ${from}.${state.next - 1}`)
    else this.#report('repeated', `${from}.${number}`)
  }

  #stateOf(from: number): ProducerState {
    let state = this.#producers.get(from)
    if (state === undefined) {
      state = { next: 0, missing: new Set() }
      this.#producers.set(from, state)
    }
    return state
  }

  #remember(what: string): void {
    this.#last.push(what)
    if (this.#last.length > SHOWN) this.#last.shift()
  }

  #report(kind: Violation['kind'], what: string): void {
    this.#violations.add(kind, `${this.#name}: ${what} (last: ${this.#last.join(' ')})`)
  }
}

function isSame(one: Delivered, other: Delivered): boolean {
  return one.from === other.from && one.number === other.number
}

/** Watches that work of each kind goes on. */
export class ProgressWatch {
  readonly #violations: Violations
  readonly #longestMs: number
  readonly #seen = new Map<string, { count: number; sinceMs: number }>()

  /** @param longestMs - Without any progress. */
  constructor(violations: Violations, longestMs: number) {
    this.#violations = violations
    this.#longestMs = longestMs
  }

  /** How much was done of a kind up to now. */
  look(kind: string, count: number, nowMs: number): void {
    const seen = this.#seen.get(kind)
    if (seen === undefined || count !== seen.count) {
      this.#seen.set(kind, { count, sinceMs: nowMs })
      return
    }
    if (nowMs - seen.sinceMs <= this.#longestMs) return
    this.#violations.add('stuck', `no ${kind} for ${Math.round(nowMs - seen.sinceMs)} ms, after ${count}`)
    seen.sinceMs = nowMs
  }
}

/**
 * Report what is there in the end and was not in the beginning.
 *
 * @param what - Kind of thing, for the message.
 */
export function checkLeaks(
  violations: Violations,
  what: string,
  before: readonly string[],
  after: readonly string[],
): void {
  const known = [...before]
  for (const thing of after) {
    const at = known.indexOf(thing)
    if (at >= 0) known.splice(at, 1)
    else violations.add('leaked', `${what}: ${thing}`)
  }
}

/** Report a number that has to stay as it is, and has grown: later samples against earlier ones. */
export function checkFlat(
  violations: Violations,
  what: string,
  samples: readonly number[],
  most: number,
): void {
  const half = samples.length >> 1
  const early = Math.max(...samples.slice(0, half))
  const late = Math.min(...samples.slice(half))
  if (late - early > most)
    violations.add('leaked', `${what}: ${early} at most in the first half, ${late} at least in the second`)
}
