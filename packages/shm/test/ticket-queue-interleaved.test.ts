import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { QUEUE_BYTES } from '../src/lock/lock-layout.js'
import { TicketQueue } from '../src/lock/ticket-queue.js'
import type { Participants } from '../src/wait/participants.js'
import { beginQueueWith } from './fixtures/ticket-queue-of.js'

type Grants = 'keep' | 'drop'

/** One call, during which, before its atomic operation number `at`, others run from beginning to end. */
interface Step {
  readonly op: 'take' | 'tryTake' | 'grant' | 'giveUp' | 'finish'
  readonly which: number
  readonly at: number
  readonly meanwhile: readonly Step[]
}

function stepWith(meanwhile: fc.Arbitrary<Step[]>): fc.Arbitrary<Step> {
  return fc.record({
    op: fc.constantFrom('take', 'take', 'tryTake', 'grant', 'grant', 'giveUp', 'giveUp', 'finish'),
    which: fc.nat(9),
    at: fc.integer({ min: 1, max: 6 }),
    meanwhile,
  })
}

const alone = stepWith(fc.constant([]))
const interrupted = stepWith(fc.array(alone, { maxLength: 4 }))
const step = fc.oneof(alone, interrupted, stepWith(fc.array(interrupted, { maxLength: 3 })))

/** Called before every atomic operation. */
let beforeAtomic: () => void = () => {}

function watchAtomics(): void {
  for (const name of ['load', 'store', 'compareExchange'] as const) {
    const original = Atomics[name] as (...args: unknown[]) => unknown
    vi.spyOn(Atomics, name).mockImplementation(((...args: unknown[]) => {
      beforeAtomic()
      return original(...args)
    }) as never)
  }
}

afterEach(() => {
  beforeAtomic = () => {}
  vi.restoreAllMocks()
})

interface Ticket {
  readonly number: number
  readonly who: number
  /** How often its owner had been woken when it found the ticket not granted and went to sleep; -1 if it did not. */
  asleepSince: number
}

/** Several participants that interrupt each other in the middle of calls. */
class Crowd {
  readonly #queue: TicketQueue
  readonly #first: number
  readonly #wakes: number[] = []
  /** Tickets that are neither given up nor finished, nor used by a call that is interrupted. */
  readonly #tickets = new Set<Ticket>()
  /** Grants so far, with those at the beginning; tickets finished. */
  #granted: number
  #finished = 0
  #lastWho = 0

  constructor(grants: Grants, granted: number, first: number) {
    const words = new Int32Array(new SharedArrayBuffer(QUEUE_BYTES))
    TicketQueue.initialize(words, 0, granted)
    beginQueueWith(words, 0, first)
    const wake = (who: number): void => {
      this.#wakes[who] = this.#wakesOf(who) + 1
    }
    this.#queue = new TicketQueue(words, 0, { wake } as Partial<Participants> as Participants, grants)
    this.#granted = granted
    this.#first = first
  }

  /** Have some more given up at the beginning. */
  fillUp(count: number): void {
    for (let i = 0; i < count; i++) {
      const number = this.#queue.take(0)
      if (number === undefined || this.#queue.giveUp(number, 0)) throw new Error('they were to wait')
    }
  }

  run({ op, which, at, meanwhile }: Step): void {
    const outer = beforeAtomic
    let left = at
    beforeAtomic = () => {
      if (--left === 0) for (const step of meanwhile) this.run(step)
    }
    try {
      this.#call(op, which)
    } finally {
      beforeAtomic = outer
    }
  }

  #call(op: Step['op'], which: number): void {
    if (op === 'take' || op === 'tryTake') {
      // Mostly one for each ticket, so that a wake-up tells for which ticket it was.
      const who = this.#lastWho++ % 128
      const number = op === 'take' ? this.#queue.take(who) : this.#queue.tryTake(who)
      if (number !== undefined) this.#have(number, who)
    } else if (op === 'grant') this.#grant()
    else {
      const ticket = this.#pick(which, op === 'finish')
      if (ticket === undefined) return
      this.#tickets.delete(ticket)
      if (op === 'finish') this.#finish(ticket)
      else if (this.#queue.giveUp(ticket.number, ticket.who)) {
        this.#finish(ticket)
        this.#grant()
      }
    }
  }

  /** As a waiter does: it looks at its ticket, and sleeps if it is not granted. */
  #have(number: number, who: number): void {
    for (const other of this.#tickets) expect(other.number).not.toBe(number)
    const ticket = { number, who, asleepSince: -1 }
    this.#tickets.add(ticket)
    const wakes = this.#wakesOf(who)
    if (!this.#queue.isGranted(number)) ticket.asleepSince = wakes
  }

  #grant(): void {
    this.#granted++
    this.#queue.grant()
  }

  #finish(ticket: Ticket): void {
    this.#queue.finish(ticket.number)
    this.#finished++
  }

  #pick(which: number, granted: boolean): Ticket | undefined {
    const tickets = [...this.#tickets].filter(({ number }) => !granted || this.#isGranted(number))
    return tickets[which % Math.max(1, tickets.length)]
  }

  /** Look without being interrupted. */
  #isGranted(number: number): boolean {
    const before = beforeAtomic
    beforeAtomic = () => {}
    const granted = this.#queue.isGranted(number)
    beforeAtomic = before
    return granted
  }

  #wakesOf(who: number): number {
    return this.#wakes[who] ?? 0
  }

  /** What holds whenever no call is under way. */
  check(grants: Grants): void {
    const order = [...this.#tickets].sort((a, b) => this.#position(a) - this.#position(b))
    const granted = order.filter(({ number }) => this.#queue.isGranted(number))
    // First come, first served.
    expect(order.slice(0, granted.length)).toEqual(granted)
    for (const { who, asleepSince } of granted) {
      if (asleepSince >= 0) expect(this.#wakesOf(who)).toBeGreaterThan(asleepSince)
    }
    // No grant is lost, none is used twice.
    const used = this.#finished + granted.length + this.#queue.available
    if (grants === 'keep') expect(used).toBe(this.#granted)
    else expect(used).toBeLessThanOrEqual(this.#granted)
  }

  /** Grant until nobody waits: nobody was forgotten. */
  settle(): void {
    for (let i = 0; i < 256 && this.#queue.waiting > 0; i++) this.#grant()
    expect(this.#queue.waiting).toBe(0)
    for (const { number } of this.#tickets) expect(this.#queue.isGranted(number)).toBe(true)
  }

  #position({ number }: Ticket): number {
    return (number - this.#first) & 0xff_ffff
  }
}

describe.each(['keep', 'drop'] as const)('TicketQueue that %ss grants', (grants) => {
  test('keeps its promises whichever calls come between two atomic operations of a call', () => {
    const granted = grants === 'drop' ? fc.constant(0) : fc.constantFrom(0, 1, 3)
    const first = fc.constantFrom(0, 2 ** 24 - 3)
    const steps = fc.array(step, { minLength: 1, maxLength: 25 })
    const givenUp = fc.constantFrom(0, 0, 125, 127, 128)
    watchAtomics()
    fc.assert(
      fc.property(granted, first, givenUp, steps, (granted, first, givenUp, steps) => {
        const crowd = new Crowd(grants, granted, first)
        if (granted === 0) crowd.fillUp(givenUp)
        for (const next of steps) {
          crowd.run(next)
          crowd.check(grants)
        }
        crowd.settle()
        crowd.check(grants)
      }),
      { numRuns: 2000 },
    )
  })
})
