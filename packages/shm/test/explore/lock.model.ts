import type { Outcome, Scenario, Self, ThreadBody } from '@ipc/faults'
import { OBJECTS_FIRST } from '../../src/layout.js'
import {
  QUEUE_ABANDONED,
  QUEUE_BYTES,
  QUEUE_GRANTED,
  QUEUE_NEXT,
  QUEUE_SLOTS,
  SLOTS,
} from '../../src/lock/lock-layout.js'
import { TurnQueue } from '../../src/lock/turn-queue.js'
import { nameOfSeat, seatAll, takeSeat } from './seats.js'

const SEATS = 2
const QUEUE = OBJECTS_FIRST
/** Life locks, a word each. */
const LIFE = (QUEUE + QUEUE_BYTES) >> 2
/** What the mutex protects: a count, and who is at it. */
const COUNT = LIFE + SEATS
const INSIDE = COUNT + 1

/** Take a ticket: with so few who want one, there is a slot for each. */
function takeTicket(queue: TurnQueue, slot: number): number {
  const ticket = queue.take(slot)
  if (ticket === undefined) throw new Error('no ticket is to be had')
  return ticket
}

interface Locking {
  readonly queue: TurnQueue
  readonly words: Int32Array
  /** Wait for the turn of a ticket. */
  wait(ticket: number): void
}

/** This thread among those who use the mutex. */
function locking(memory: SharedArrayBuffer, self: Self, slot: number): Locking {
  const words = new Int32Array(memory)
  const life = self.locks(new Int32Array(memory, 4 * LIFE, SEATS))
  const { participants, own } = takeSeat({
    words,
    self,
    slot,
    life,
    recover: (all, participant) => new TurnQueue(words, QUEUE, all).recover(participant),
  })
  const queue = new TurnQueue(words, QUEUE, participants)
  return {
    queue,
    words,
    wait(ticket) {
      const isGranted = own.waitSync(
        {
          ready: () => queue.isGranted(ticket),
          arm() {},
          disarm() {},
          isStalled: () => true,
          recover: () => queue.settle(),
        },
        {},
      )
      if (!isGranted) throw new Error('a wait without a limit of time came to an end')
    },
  }
}

/** Hold the mutex so many times, as `TicketWait` and `TicketMutex` do. */
function holder(slot: number, times: number = 1): ThreadBody {
  return (memory, self) => {
    const { queue, words, wait } = locking(memory, self, slot)
    const recovered: boolean[] = []
    for (let i = 0; i < times; i++) {
      const ticket = takeTicket(queue, slot)
      wait(ticket)
      recovered.push(queue.takeAbandoned())
      enter(words, slot, recovered.at(-1) as boolean)
      self.note(ticket)
      words[INSIDE] = 0
      if (!queue.finish(ticket, slot)) throw new Error('the mutex was not held any more')
    }
    return recovered
  }
}

/** Whoever finds somebody at it has to be told that this one is dead. */
function enter(words: Int32Array, slot: number, recovered: boolean): void {
  const inside = words[INSIDE] as number
  if (inside !== 0 && !recovered) throw new Error(`${slot} has the mutex, and so has ${inside - 1}`)
  words[INSIDE] = slot + 1
  words[COUNT]!++
}

/** Take a ticket and want it no more, as where the time of a wait is over. */
function dropper(slot: number): ThreadBody {
  return (memory, self) => {
    const { queue } = locking(memory, self, slot)
    queue.drop(takeTicket(queue, slot), slot)
  }
}

/** Hold the mutex if that needs no wait. */
function trier(slot: number): ThreadBody {
  return (memory, self) => {
    const { queue, words } = locking(memory, self, slot)
    const ticket = queue.tryTake(slot)
    if (ticket === undefined) return 'not'
    enter(words, slot, queue.takeAbandoned())
    words[INSIDE] = 0
    queue.finish(ticket, slot)
    return 'held'
  }
}

function mutex(threads: Readonly<Record<string, ThreadBody>>): Scenario {
  return {
    memoryBytes: 4 * (INSIDE + 1),
    setUp(memory) {
      const words = new Int32Array(memory)
      seatAll(words, Object.keys(threads).length)
      TurnQueue.initialize(words, QUEUE >> 2, 1)
      // Thread n has the life lock of slot n.
      for (let slot = 0; slot < SEATS; slot++) words[LIFE + slot] = slot + 1
    },
    threads,
    check: expectFair,
    nameOf,
  }
}

/** All who were there had it, in the order of their tickets, and nothing is left of them. */
function expectFair({ results, dead, notes, memory }: Outcome): void {
  const held = Object.values(results).flatMap((result) => (result === 'held' ? [false] : (result ?? [])))
  const times = (held as unknown[]).filter((result) => typeof result === 'boolean').length
  const count = memory[COUNT] as number
  if (count < times || count > times + dead.length)
    throw new Error(`held ${times} times and counted ${count}`)
  const tickets = notes as number[]
  tickets.forEach((ticket, i) => {
    if (i > 0 && ticket <= (tickets[i - 1] as number))
      throw new Error(`tickets had their turns as ${tickets}`)
  })
  if (dead.length > 0) return
  const [next, granted] = [memory[(QUEUE + QUEUE_NEXT) >> 2], memory[(QUEUE + QUEUE_GRANTED) >> 2]]
  if (granted !== (next as number) + 1)
    throw new Error(`next ${next}, granted ${granted}: nobody has the turn`)
}

function nameOf(word: number): string | undefined {
  if (word === (QUEUE + QUEUE_NEXT) >> 2) return 'next'
  if (word === (QUEUE + QUEUE_GRANTED) >> 2) return 'granted'
  if (word === (QUEUE + QUEUE_ABANDONED) >> 2) return 'abandoned'
  if (word === COUNT) return 'count'
  if (word === INSIDE) return 'inside'
  const slot = word - ((QUEUE + QUEUE_SLOTS) >> 2)
  if (slot >= 0 && slot < SLOTS) return `ticket ${slot}`
  if (word >= LIFE && word < LIFE + SEATS) return `life of ${word - LIFE}`
  return nameOfSeat(word)
}

/** Two who want it at the same time; one of them twice. */
export const two: Scenario = mutex({ a: holder(0), b: holder(1) })
export const again: Scenario = mutex({ a: holder(0, 2), b: holder(1) })
/** One of two does not want it any more. */
export const dropped: Scenario = mutex({ a: holder(0), b: dropper(1) })
/** One of two takes it only if it is free. */
export const tried: Scenario = mutex({ a: holder(0), b: trier(1) })
