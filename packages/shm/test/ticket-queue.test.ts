import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { QUEUE_BYTES, SLOTS, TICKET_MASK } from '../src/lock/lock-layout.js'
import { TicketQueue } from '../src/lock/ticket-queue.js'
import type { Participants } from '../src/wait/participants.js'
import { beginQueueWith } from './fixtures/ticket-queue-of.js'

type Grants = 'keep' | 'drop'
type State = 'waiting' | 'gave up' | 'granted' | 'gone'

/** What a queue is to be, said simply: a list of tickets, of which the first `granted` had their turn. */
class Model {
  readonly tickets: { who: number; state: State }[] = []
  /** Participants woken. */
  readonly woken: number[] = []
  granted: number
  readonly #grants: Grants

  constructor(grants: Grants, granted: number) {
    this.#grants = grants
    this.granted = granted
  }

  /** Position of the ticket; `undefined` when there is no slot for it. */
  take(who: number): number | undefined {
    const position = this.tickets.length
    const before = this.tickets[position - SLOTS]
    if (before === undefined || before.state === 'gone') {
      this.tickets.push({ who, state: position < this.granted ? 'granted' : 'waiting' })
      return position
    }
    const givenUp = this.tickets.findLastIndex(({ state }) => state === 'gave up')
    if (givenUp < 0) return undefined
    this.tickets[givenUp] = { who, state: 'waiting' }
    return givenUp
  }

  tryTake(who: number): number | undefined {
    const before = this.tickets[this.tickets.length - SLOTS]
    const hasSlot = before === undefined || before.state === 'gone'
    return hasSlot && this.tickets.length < this.granted ? this.take(who) : undefined
  }

  grant(): void {
    while (this.#grants === 'keep' || this.granted < this.tickets.length) {
      const ticket = this.tickets[this.granted++]
      if (ticket?.state === 'gave up') {
        ticket.state = 'gone'
        continue
      }
      if (ticket === undefined) return
      ticket.state = 'granted'
      this.woken.push(ticket.who)
      return
    }
  }

  giveUp(position: number): boolean {
    const ticket = this.tickets[position]!
    if (ticket.state === 'granted') return true
    ticket.state = 'gave up'
    return false
  }

  /** Positions of the tickets in a state. */
  in(...states: readonly State[]): number[] {
    return this.tickets.flatMap(({ state }, position) => (states.includes(state) ? [position] : []))
  }
}

const count = fc.integer({ min: 1, max: 150 })
const command = fc.oneof(
  { weight: 4, arbitrary: fc.record({ op: fc.constant('take' as const), who: fc.nat(4) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('takeMany' as const), who: fc.nat(127), count }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('tryTake' as const), who: fc.nat(4) }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('grant' as const) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('grantMany' as const), count }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('giveUp' as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('giveUpMany' as const), count }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('finish' as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('finishAll' as const) }) },
)

/** A queue and its model, which do the same. */
class Pair {
  readonly model: Model
  readonly #queue: TicketQueue
  readonly #woken: number[] = []
  readonly #first: number

  constructor(grants: Grants, granted: number, first: number) {
    const words = new Int32Array(new SharedArrayBuffer(QUEUE_BYTES))
    TicketQueue.initialize(words, 0, granted)
    beginQueueWith(words, 0, first)
    const participants = { wake: (who: number) => this.#woken.push(who) } as Partial<Participants>
    this.#queue = new TicketQueue(words, 0, participants as Participants, grants)
    this.model = new Model(grants, granted)
    this.#first = first
  }

  take(who: number): void {
    this.#expectTicket(this.#queue.take(who), this.model.take(who))
  }

  tryTake(who: number): void {
    this.#expectTicket(this.#queue.tryTake(who), this.model.tryTake(who))
  }

  grant(): void {
    this.#queue.grant()
    this.model.grant()
  }

  giveUp(position: number): void {
    const { who } = this.model.tickets[position]!
    const granted = this.#queue.giveUp(this.#ticketAt(position), who)
    expect(granted).toBe(this.model.giveUp(position))
    if (!granted) return
    this.finish(position)
    this.grant()
  }

  finish(position: number): void {
    this.#queue.finish(this.#ticketAt(position))
    this.model.tickets[position]!.state = 'gone'
  }

  expectEqual(): void {
    const { tickets, granted, woken } = this.model
    expect(this.#woken).toEqual(woken)
    expect(this.#queue.waiting).toBe(Math.max(0, tickets.length - granted))
    expect(this.#queue.available).toBe(Math.max(0, granted - tickets.length))
    for (const position of this.model.in('waiting', 'granted')) {
      const { state } = tickets[position]!
      expect(this.#queue.isGranted(this.#ticketAt(position))).toBe(state === 'granted')
    }
    for (let who = 0; who < 5; who++) {
      const has = this.model.in('waiting', 'granted').filter((position) => tickets[position]!.who === who)
      expect(this.#queue.countOf(who)).toBe(has.length)
    }
  }

  #ticketAt(position: number): number {
    return (this.#first + position) & TICKET_MASK
  }

  #expectTicket(ticket: number | undefined, position: number | undefined): void {
    expect(ticket).toBe(position === undefined ? undefined : this.#ticketAt(position))
  }
}

type Command = typeof command extends fc.Arbitrary<infer Command> ? Command : never

function run(pair: Pair, next: Command): void {
  const { model } = pair
  const times = (count: number, call: () => void): void => {
    for (let i = 0; i < count; i++) call()
  }
  const one = (positions: readonly number[], which: number): number[] =>
    positions.length === 0 ? [] : [positions[which % positions.length]!]
  if (next.op === 'take') pair.take(next.who)
  else if (next.op === 'takeMany') times(next.count, () => pair.take(next.who))
  else if (next.op === 'tryTake') pair.tryTake(next.who)
  else if (next.op === 'grant') pair.grant()
  else if (next.op === 'grantMany') times(next.count, () => pair.grant())
  else if (next.op === 'giveUp')
    for (const position of one(model.in('waiting', 'granted'), next.which)) pair.giveUp(position)
  else if (next.op === 'giveUpMany')
    for (const position of model.in('waiting').slice(-next.count)) pair.giveUp(position)
  else if (next.op === 'finish')
    for (const position of one(model.in('granted'), next.which)) pair.finish(position)
  else for (const position of model.in('granted')) pair.finish(position)
}

describe.each(['keep', 'drop'] as const)('TicketQueue that %ss grants', (grants) => {
  test('behaves as its model, also where the tickets wrap', () => {
    const first = fc.constantFrom(0, 2 ** 24 - 1, 2 ** 24 - 60, 2 ** 24 - 200, 2 ** 23 - 60)
    const granted = grants === 'drop' ? fc.constant(0) : fc.constantFrom(0, 1, 3, 127, 128, 300)
    fc.assert(
      fc.property(first, granted, fc.array(command, { maxLength: 120 }), (first, granted, commands) => {
        const pair = new Pair(grants, granted, first)
        for (const next of commands) {
          run(pair, next)
          pair.expectEqual()
        }
        // Whatever came before, whoever waits is served.
        while (pair.model.in('waiting').length > 0) pair.grant()
        pair.expectEqual()
      }),
      { numRuns: 300 },
    )
  })
})
