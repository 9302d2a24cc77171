import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { GrantQueue } from '../src/lock/grant-queue.js'
import { QUEUE_BYTES, SLOTS, wrap } from '../src/lock/lock-layout.js'
import { TicketQueue } from '../src/lock/ticket-queue.js'
import { TurnQueue } from '../src/lock/turn-queue.js'
import type { Participants } from '../src/wait/participants.js'
import { beginQueueWith } from './fixtures/ticket-queue-of.js'

type State = 'waiting' | 'gave up' | 'granted' | 'gone'

/** What a queue is to be, said simply: a list of tickets, of which the first `granted` had their turn. */
abstract class Model {
  readonly tickets: { who: number; state: State }[] = []
  /** Participants woken. */
  readonly woken: number[] = []
  granted = 0
  abandoned = false

  abstract finish(position: number): void
  abstract drop(position: number): void
  abstract recover(who: number): void

  /** Position of the ticket; `undefined` when there is no slot for it. */
  take(who: number): number | undefined {
    const position = this.tickets.length
    if (this.hasSlot) {
      this.tickets.push({ who, state: position < this.granted ? 'granted' : 'waiting' })
      return position
    }
    const givenUp = this.tickets.findLastIndex(({ state }) => state === 'gave up')
    if (givenUp < 0) return undefined
    this.tickets[givenUp] = { who, state: 'waiting' }
    return givenUp
  }

  tryTake(who: number): number | undefined {
    return this.hasSlot && this.tickets.length < this.granted ? this.take(who) : undefined
  }

  /** Positions of the tickets in a state. */
  in(...states: readonly State[]): number[] {
    return this.tickets.flatMap(({ state }, position) => (states.includes(state) ? [position] : []))
  }

  /** Positions of the tickets of a participant, in the order of their slots. */
  protected of(who: number): number[] {
    const own = this.in('waiting', 'granted').filter((position) => this.tickets[position]?.who === who)
    return own.sort((a, b) => (a % SLOTS) - (b % SLOTS))
  }

  protected get hasSlot(): boolean {
    const before = this.tickets[this.tickets.length - SLOTS]
    return before === undefined || before.state === 'gone'
  }

  protected wake(position: number): void {
    this.woken.push(this.tickets[position]!.who)
  }
}

class TurnModel extends Model {
  override granted = 1

  override finish(position: number): void {
    this.tickets[position]!.state = 'gone'
    this.#moveOn()
  }

  override drop(position: number): void {
    if (this.tickets[position]!.state === 'granted') this.finish(position)
    else this.tickets[position]!.state = 'gave up'
  }

  override recover(who: number): void {
    for (const position of this.of(who)) {
      if (this.tickets[position]!.state === 'granted') this.abandoned = true
      this.tickets[position]!.state = 'gave up'
    }
    this.#moveOn()
  }

  #moveOn(): void {
    while (true) {
      const ticket = this.tickets[this.granted - 1]
      if (ticket === undefined) return
      if (ticket.state === 'waiting') ticket.state = 'granted'
      if (ticket.state === 'granted') {
        this.wake(this.granted - 1)
        return
      }
      ticket.state = 'gone'
      this.granted++
    }
  }
}

class GrantModel extends Model {
  grant(): void {
    while (this.granted < this.tickets.length) {
      const ticket = this.tickets[this.granted++]!
      if (ticket.state === 'waiting') {
        ticket.state = 'granted'
        this.wake(this.granted - 1)
        return
      }
      ticket.state = 'gone'
    }
  }

  override finish(position: number): void {
    this.tickets[position]!.state = 'gone'
  }

  override drop(position: number): void {
    const ticket = this.tickets[position]!
    if (ticket.state === 'waiting') ticket.state = 'gave up'
    else {
      this.grant()
      ticket.state = 'gone'
    }
  }

  override recover(who: number): void {
    // In the order of the slots: what is passed on may come to a later one of the same participant, and go on from there.
    for (let slot = 0; slot < SLOTS; slot++) {
      for (const position of this.of(who)) if (position % SLOTS === slot % SLOTS) this.drop(position)
    }
  }
}

const count = fc.integer({ min: 1, max: 150 })
const one = <Op extends string>(op: Op) => fc.record({ op: fc.constant(op), which: fc.nat() })
const command = fc.oneof(
  { weight: 4, arbitrary: fc.record({ op: fc.constant('take' as const), who: fc.nat(4) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('takeMany' as const), who: fc.nat(127), count }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('tryTake' as const), who: fc.nat(4) }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('grant' as const), count: fc.constant(1) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('grant' as const), count }) },
  { weight: 3, arbitrary: one('drop') },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('dropMany' as const), count }) },
  { weight: 3, arbitrary: one('finish') },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('finishAll' as const) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('recover' as const), who: fc.nat(4) }) },
)
type Command = typeof command extends fc.Arbitrary<infer Command> ? Command : never

/** A queue and its model, which do the same. */
class Pair {
  readonly #model: Model
  readonly #queue: TicketQueue
  readonly #woken: number[] = []
  readonly #first: number

  constructor(kind: 'turn' | 'grant', first: number) {
    const words = new Int32Array(new SharedArrayBuffer(QUEUE_BYTES))
    TicketQueue.initialize(words, 0, kind === 'turn' ? 1 : 0)
    beginQueueWith(words, 0, first)
    const participants = { wake: (who: number) => this.#woken.push(who) } as Partial<Participants>
    const Queue = kind === 'turn' ? TurnQueue : GrantQueue
    this.#queue = new Queue(words, 0, participants as Participants)
    this.#model = kind === 'turn' ? new TurnModel() : new GrantModel()
    this.#first = first
  }

  run(next: Command): void {
    const model = this.#model
    if (next.op === 'take') this.#take(next.who)
    else if (next.op === 'takeMany') for (let i = 0; i < next.count; i++) this.#take(next.who)
    else if (next.op === 'tryTake') this.#expectTicket(this.#queue.tryTake(next.who), model.tryTake(next.who))
    else if (next.op === 'grant') for (let i = 0; i < next.count; i++) this.#grant()
    else if (next.op === 'drop') this.#one(model.in('waiting', 'granted'), next.which, (at) => this.#drop(at))
    else if (next.op === 'dropMany') for (const at of model.in('waiting').slice(-next.count)) this.#drop(at)
    else if (next.op === 'finish') this.#one(model.in('granted'), next.which, (at) => this.#finish(at))
    else if (next.op === 'finishAll') for (const at of model.in('granted')) this.#finish(at)
    else {
      this.#queue.recover(next.who)
      model.recover(next.who)
    }
  }

  expectEqual(): void {
    const { tickets, granted, woken, abandoned } = this.#model
    // The queue of turns may wake whoever has it once more.
    expect(this.#woken.filter((who, index) => who !== this.#woken[index - 1])).toEqual(
      woken.filter((who, index) => who !== woken[index - 1]),
    )
    expect(this.#queue.waiting).toBe(Math.max(0, tickets.length - granted))
    for (const position of this.#model.in('waiting', 'granted')) {
      const { state } = tickets[position]!
      expect(this.#queue.isGranted(this.#ticketAt(position))).toBe(state === 'granted')
    }
    for (let who = 0; who < 5; who++) {
      const has = this.#model.in('waiting', 'granted').filter((position) => tickets[position]!.who === who)
      expect(this.#queue.countOf(who)).toBe(has.length)
    }
    if (this.#queue instanceof TurnQueue) {
      expect(this.#queue.takeAbandoned()).toBe(abandoned)
      this.#model.abandoned = false
    }
  }

  /** Whatever came before, whoever waits is served. */
  serveAll(): void {
    for (let left = 2 ** 16; this.#model.in('waiting').length > 0 && left > 0; left--) {
      if (this.#queue instanceof GrantQueue) this.#grant()
      else for (const position of this.#model.in('granted')) this.#finish(position)
    }
    this.expectEqual()
    expect(this.#model.in('waiting')).toEqual([])
  }

  #take(who: number): void {
    this.#expectTicket(this.#queue.take(who), this.#model.take(who))
  }

  #grant(): void {
    if (!(this.#queue instanceof GrantQueue && this.#model instanceof GrantModel)) return
    this.#queue.grant()
    this.#model.grant()
  }

  #drop(position: number): void {
    this.#queue.drop(this.#ticketAt(position), this.#model.tickets[position]!.who)
    this.#model.drop(position)
  }

  #finish(position: number): void {
    expect(this.#queue.finish(this.#ticketAt(position), this.#model.tickets[position]!.who)).toBe(true)
    // It is over: once more changes nothing.
    expect(this.#queue.finish(this.#ticketAt(position), this.#model.tickets[position]!.who)).toBe(false)
    this.#model.finish(position)
  }

  #one(positions: readonly number[], which: number, call: (position: number) => void): void {
    if (positions.length > 0) call(positions[which % positions.length]!)
  }

  #ticketAt(position: number): number {
    return wrap(this.#first + position)
  }

  #expectTicket(ticket: number | undefined, position: number | undefined): void {
    expect(ticket).toBe(position === undefined ? undefined : this.#ticketAt(position))
  }
}

describe.each(['turn', 'grant'] as const)('a queue of tickets, by %s', (kind) => {
  test('behaves as its model, also where the tickets wrap', () => {
    const first = fc.constantFrom(0, 2 ** 24 - 1, 2 ** 24 - 60, 2 ** 24 - 200, 2 ** 23 - 60)
    fc.assert(
      fc.property(first, fc.array(command, { maxLength: 120 }), (first, commands) => {
        const pair = new Pair(kind, first)
        for (const next of commands) {
          pair.run(next)
          pair.expectEqual()
        }
        pair.serveAll()
      }),
      { numRuns: 300 },
    )
  })
})
