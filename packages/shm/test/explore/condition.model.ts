import type { Scenario, Self, ThreadBody } from '@ipc/faults'
import { OBJECTS_FIRST } from '../../src/layout.js'
import { GrantQueue } from '../../src/lock/grant-queue.js'
import { QUEUE_BYTES, QUEUE_GRANTED, QUEUE_NEXT, QUEUE_SLOTS, SLOTS } from '../../src/lock/lock-layout.js'
import type { Participant } from '../../src/wait/participant.js'
import type { Participants } from '../../src/wait/participants.js'
import { nameOfSeat, seatAll, takeSeat } from './seats.js'

const QUEUE = OBJECTS_FIRST
const SEATS = 3
/** Life locks, a word each. */
const LIFE = (QUEUE + QUEUE_BYTES) >> 2

function queueOf(
  memory: SharedArrayBuffer,
  self: Self,
  slot: number,
): { queue: GrantQueue; own: Participant } {
  const words = new Int32Array(memory)
  const { participants, own } = takeSeat({
    words,
    self,
    slot,
    life: self.locks(new Int32Array(memory, 4 * LIFE, SEATS)),
    recover: (all, participant) => new GrantQueue(words, QUEUE, all).recover(participant),
  })
  return { queue: new GrantQueue(words, QUEUE, participants), own }
}

/** Waits for a ticket that it has taken beforehand. */
function waiter(slot: number, ticket: number): ThreadBody {
  return (memory, self) => {
    const { queue, own } = queueOf(memory, self, slot)
    own.waitSync({ ready: () => queue.isGranted(ticket), arm() {}, disarm() {} }, {})
    if (!queue.finish(ticket, slot)) throw new Error('the ticket was not held any more')
  }
}

/** Wants no more the ticket that it has taken beforehand. */
function dropper(slot: number, ticket: number): ThreadBody {
  return (memory, self) => queueOf(memory, self, slot).queue.drop(ticket, slot)
}

function granter(slot: number, times: number): ThreadBody {
  return (memory, self) => {
    const { queue } = queueOf(memory, self, slot)
    for (let i = 0; i < times; i++) queue.grant()
  }
}

/** Who sits in seats 0 and 1 has tickets 0 and 1. */
function condition(threads: Readonly<Record<string, ThreadBody>>): Scenario {
  return {
    memoryBytes: 4 * (LIFE + SEATS),
    setUp(memory) {
      const words = new Int32Array(memory)
      seatAll(words, SEATS)
      GrantQueue.initialize(words, QUEUE >> 2, 0)
      const queue = new GrantQueue(words, QUEUE, {} as Participants)
      queue.take(0)
      queue.take(1)
      for (let slot = 0; slot < SEATS; slot++) words[LIFE + slot] = slot + 1
    },
    threads,
    nameOf(word) {
      if (word === (QUEUE + QUEUE_NEXT) >> 2) return 'next'
      if (word === (QUEUE + QUEUE_GRANTED) >> 2) return 'granted'
      const slot = word - ((QUEUE + QUEUE_SLOTS) >> 2)
      if (slot >= 0 && slot < SLOTS) return `ticket ${slot}`
      return word >= LIFE ? `life of ${word - LIFE}` : nameOfSeat(word)
    },
  }
}

/** One of two does not wait any more: the notification is the other's. */
export const passedOn: Scenario = condition({
  dropper: dropper(0, 0),
  waiter: waiter(1, 1),
  notifier: granter(2, 1),
})
/** Both wait, and both are notified. */
export const both: Scenario = condition({
  first: waiter(0, 0),
  second: waiter(1, 1),
  notifier: granter(2, 2),
})
