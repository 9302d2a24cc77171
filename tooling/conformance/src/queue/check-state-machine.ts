import fc from 'fast-check'
import { expect } from 'vitest'
import { type ModelEntry, type ModelSettings, QueueModel } from './queue-model.js'

type Message = Parameters<QueueModel['send']>[0]

/** A message in a table, as far as it is looked at. */
interface MachineMessage {
  readonly seq: number
  readonly id: number
  readonly epoch: number
  readonly attempts: number
  readonly suspect: boolean
  readonly reason: string | undefined
  readonly at: number
}

interface MachineLease {
  readonly seq: number
  readonly epoch: number
}

interface MachineSend {
  readonly priority: number
  readonly delayMs: number
  readonly ttlMs: number
  readonly deduplicationId: string | undefined
  readonly orderingKey: string | undefined
  readonly headers: undefined
  readonly body: Uint8Array
  readonly bytes: number
}

interface MachineSent {
  readonly id: number
  readonly duplicate: boolean
}

/** The rules of a queue over a table of some store, as `@ipc/mq` has them. */
export interface CheckedMachine {
  readonly table: {
    readonly counts: object
    readyInOrder(limit: number): readonly MachineMessage[]
    deadInOrder(limit: number): readonly MachineMessage[]
    removeDead(): number
  }
  readonly machine: {
    advance(now: number): void
    nextChangeAt(): number
    findDuplicate(message: MachineSend, now: number): MachineSent | undefined
    hasRoom(messages: number, bytes: number): boolean
    makeRoom(messages: number, bytes: number, now: number): boolean
    send(message: MachineSend, now: number): MachineSent
    claim(owner: number, leaseMs: number, now: number): MachineMessage | undefined
    holds(owner: number, lease: MachineLease): boolean
    start(owner: number, lease: MachineLease): boolean
    ack(owner: number, lease: MachineLease, now: number): boolean
    nack(owner: number, lease: MachineLease, delayMs: number | undefined, now: number): boolean
    extend(owner: number, lease: MachineLease, ms: number, now: number): boolean
    deadLetter(owner: number, lease: MachineLease, reason: string, now: number): boolean
    releaseOwner(owner: number, died: boolean, now: number): void
    purge(): number
    redrive(max: number, now: number): number
  }
  /** Places of messages whose leases ended by themselves; emptied by the check. */
  readonly lost: number[]
  /** Called before each step; `pick` is a number of the test's choice. */
  between?(pick: number): void
}

/** Both, side by side. */
interface Model {
  now: number
  readonly simple: QueueModel
  /** Every lease there ever was, also those that are over. */
  readonly leases: { readonly owner: number; readonly token: MachineLease }[]
  steps: number
}
type Real = CheckedMachine
type Step = fc.Command<Model, Real>

class Do implements Step {
  readonly #name: string
  readonly #run: (model: Model, real: Real) => void

  constructor(name: string, run: (model: Model, real: Real) => void) {
    this.#name = name
    this.#run = run
  }

  check(): boolean {
    return true
  }

  run(model: Model, real: Real): void {
    real.between?.(model.steps)
    model.steps++
    const ended = model.simple.advance(model.now)
    real.lost.length = 0
    real.machine.advance(model.now)
    expect(real.lost).toEqual(ended.map(({ place }) => place))
    this.#run(model, real)
    expectSame(model, real)
  }

  toString(): string {
    return this.#name
  }
}

function expectSame({ simple, now }: Model, { table, machine }: Real): void {
  expect(table.counts).toEqual(simple.stats(now))
  const seen = ({ place, id, attempts, suspect }: ModelEntry): object => ({
    seq: place,
    id,
    attempts,
    suspect,
  })
  const picked = ({ seq, id, attempts, suspect }: MachineMessage): object => ({
    seq,
    id,
    attempts,
    suspect,
  })
  expect(table.readyInOrder(Number.POSITIVE_INFINITY).map(picked)).toEqual(simple.ready(now).map(seen))
  const dead = table.deadInOrder(Number.POSITIVE_INFINITY)
  expect(dead.map((entry) => [picked(entry), entry.reason, entry.at])).toEqual(
    simple.dead.map((entry) => [seen(entry), entry.reason, entry.deadAt]),
  )
  const times = simple.living.map((entry) => {
    if (entry.lease !== undefined) return entry.lease.deadline
    const due = simple.stateOf(entry, now) === 'delayed' ? entry.notBefore : Number.POSITIVE_INFINITY
    return Math.min(due, entry.expiresAt)
  })
  expect(machine.nextChangeAt()).toBe(Math.min(Number.POSITIVE_INFINITY, ...times))
}

const OWNERS = [1, 2, 3]
const owner = fc.constantFrom(...OWNERS)
const ms = fc.constantFrom(0, 1, 5, 20)
const someKey = fc.option(fc.constantFrom('a', 'b'), { nil: undefined })

const send = fc
  .record({
    priority: fc.constantFrom(-1, 0, 0, 0, 7),
    delayMs: fc.constantFrom(0, 0, 0, 4, 15),
    ttlMs: fc.constantFrom(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 3, 12),
    deduplicationId: fc.option(fc.constantFrom('x', 'y'), { nil: undefined, freq: 3 }),
    orderingKey: someKey,
    body: fc.uint8Array({ maxLength: 3 }),
  })
  .map(
    (message) =>
      new Do(`send(${JSON.stringify(message)})`, ({ simple, now }, { machine }) => {
        const expected = simple.send(message as Message, now)
        const whole = { ...message, headers: undefined, bytes: message.body.length }
        expect(sendTo(machine, whole, simple.settings, now)).toEqual(expected)
      }),
  )

function sendTo(
  machine: Real['machine'],
  message: MachineSend,
  { whenFull }: ModelSettings,
  now: number,
): MachineSent | undefined {
  const known = machine.findDuplicate(message, now)
  if (known !== undefined) return known
  const fits =
    whenFull === 'drop-oldest' ? machine.makeRoom(1, message.bytes, now) : machine.hasRoom(1, message.bytes)
  return fits ? machine.send(message, now) : undefined
}

const claim = fc.tuple(owner, fc.constantFrom(1, 6, 50)).map(
  ([who, leaseMs]) =>
    new Do(`claim(${who}, ${leaseMs})`, (model, { machine }) => {
      const expected = model.simple.claim(who, leaseMs, model.now)
      const claimed = machine.claim(who, leaseMs, model.now)
      expect(claimed?.seq).toBe(expected?.place)
      if (claimed === undefined || expected === undefined) return
      expect(claimed).toMatchObject({
        id: expected.id,
        attempts: expected.attempts,
        suspect: expected.suspect,
        sentAt: expected.sentAt,
        body: expected.message.body,
      })
      model.leases.push({ owner: who, token: { seq: claimed.seq, epoch: claimed.epoch } })
    }),
)

/** What is done with a lease: one of those there were, by whoever has it, or by somebody else. */
const settle = fc
  .tuple(fc.nat(40), fc.constantFrom('start', 'ack', 'nack', 'backoff', 'extend', 'dead'), ms, fc.boolean())
  .map(
    ([pick, what, time, byOther]) =>
      new Do(`${what}(${pick}, ${time}, ${byOther})`, ({ leases, simple, now }, { machine }) => {
        if (leases.length === 0) return
        // Mostly one of the latest.
        const { owner: holder, token } = leases[Math.max(0, leases.length - 1 - (pick % 8))]!
        const who = byOther && pick % 4 === 0 ? holder + 1 : holder
        const { seq, epoch } = token
        expect(machine.holds(who, token)).toBe(simple.held(who, seq, epoch) !== undefined)
        const outcomes = {
          start: () => [simple.start(who, seq, epoch), machine.start(who, token)],
          ack: () => [simple.ack(who, seq, epoch, now), machine.ack(who, token, now)],
          nack: () => [simple.nack(who, seq, epoch, time, now), machine.nack(who, token, time, now)],
          backoff: () => [
            simple.nack(who, seq, epoch, undefined, now),
            machine.nack(who, token, undefined, now),
          ],
          extend: () => [
            simple.extend(who, seq, epoch, time + 1, now),
            machine.extend(who, token, time + 1, now),
          ],
          dead: () => [
            simple.deadLetter(who, seq, epoch, 'why', now),
            machine.deadLetter(who, token, 'why', now),
          ],
        }[what]!()
        expect(outcomes[1]).toBe(outcomes[0])
      }),
  )

const others = fc.oneof(
  fc.tuple(owner, fc.boolean()).map(
    ([who, died]) =>
      new Do(`releaseOwner(${who}, ${died})`, ({ simple, now }, { machine }) => {
        simple.releaseOwner(who, died, now)
        machine.releaseOwner(who, died, now)
      }),
  ),
  fc.constant(
    new Do('purge()', ({ simple }, { machine }) => {
      const expected = simple.purge()
      expect(machine.purge()).toBe(expected)
    }),
  ),
  fc.constantFrom(1, 2, Number.POSITIVE_INFINITY).map(
    (max) =>
      new Do(`redrive(${max})`, ({ simple, now }, { machine }) => {
        const expected = simple.redrive(max, now)
        expect(machine.redrive(max, now)).toBe(expected)
      }),
  ),
  fc.constant(
    new Do('removeDead()', ({ simple }, { table }) => {
      const expected = simple.purgeDead()
      expect(table.removeDead()).toBe(expected)
    }),
  ),
)

const pass = fc.constantFrom(0.5, 1, 3, 10, 40).map(
  (time) =>
    new Do(`pass(${time})`, (model, real) => {
      model.now += time
      model.simple.advance(model.now)
      real.machine.advance(model.now)
    }),
)

const settings = fc.record({
  maxMessages: fc.constantFrom(3, 8, 100),
  maxBytes: fc.constantFrom(4, 12, 1000),
  whenFull: fc.constantFrom('reject' as const, 'drop-oldest' as const),
  maxAttempts: fc.constantFrom(1, 2, 20),
  backoffFirstMs: fc.constantFrom(0, 2),
  backoffMaxMs: fc.constantFrom(0, 6),
  deduplicationWindowMs: fc.constantFrom(0, 10, 100),
  whenExpired: fc.constantFrom('drop' as const, 'dead-letter' as const),
  maxDeadLetters: fc.constantFrom(0, 2, 100),
})

/**
 * Check that the machine does in every sequence of calls what the simple model does. Returns how many calls there were.
 *
 * @param seed - Of the first run; another one each time if it is not given.
 */
export function checkStateMachine(
  open: (settings: ModelSettings) => CheckedMachine,
  runs: number,
  seed?: number,
): number {
  let calls = 0
  const weighted = fc.oneof(
    { arbitrary: send, weight: 6 },
    { arbitrary: claim, weight: 5 },
    { arbitrary: settle, weight: 6 },
    { arbitrary: pass, weight: 4 },
    { arbitrary: others, weight: 1 },
  )
  fc.assert(
    fc.property(settings, fc.commands([weighted], { maxCommands: 120, size: 'max' }), (chosen, steps) => {
      const model = { now: 1000, simple: new QueueModel(chosen), leases: [], steps: 0 }
      fc.modelRun(() => ({ model, real: open(chosen) }), steps)
      calls += model.steps
    }),
    { numRuns: runs, ...(seed === undefined ? {} : { seed }) },
  )
  return calls
}
