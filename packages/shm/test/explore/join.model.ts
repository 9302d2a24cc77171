import type { Scenario, Self, ThreadBody } from '@ipc/faults'
import { OBJECTS_CREATING, OBJECTS_FIRST, PARTICIPANT_STATE, SLOT_FREE } from '../../src/layout.js'
import { Participant } from '../../src/wait/participant.js'
import { Participants } from '../../src/wait/participants.js'
import { nameOfSeat, seatAll, takeSeat } from './seats.js'

/** Life locks, a word each, behind the participants; and how often somebody cleaned up after the first seat. */
const LIFE = OBJECTS_FIRST >> 2
const LOCKS = 4
const CLEANED = LIFE + LOCKS

function locksOf(memory: SharedArrayBuffer, self: Self): ReturnType<Self['locks']> {
  return self.locks(new Int32Array(memory, 4 * LIFE, LOCKS))
}

/** Sits in the first seat, and creates an object there. */
const seated: ThreadBody = (memory, self) => {
  const words = new Int32Array(memory)
  const { own } = takeSeat({ words, self, slot: 0, life: locksOf(memory, self) })
  Atomics.compareExchange(words, OBJECTS_CREATING >> 2, 0, own.name)
  own.checkSeat()
  Atomics.compareExchange(words, OBJECTS_CREATING >> 2, own.name, 0)
}

/** Joins, and so cleans up after who died. */
const joining: ThreadBody = (memory, self) => {
  const words = new Int32Array(memory)
  const participants = new Participants({
    what: 'the region',
    words,
    payload: 0,
    futex: self.futex(words),
    bells: undefined,
    life: locksOf(memory, self),
    recover: () => words[CLEANED]!++,
  })
  const own = new Participant(participants)
  own.checkSeat()
  return own.id
}

/** @param before - Whether the one in the first seat has died before. */
function join(threads: Readonly<Record<string, ThreadBody>>, before: boolean): Scenario {
  return {
    memoryBytes: 4 * (CLEANED + 1),
    setUp(memory) {
      const words = new Int32Array(memory)
      seatAll(words, 1)
      // Otherwise it is the first thread, and so has the lock.
      words[LIFE] = before ? 0 : 1
    },
    threads,
    check({ results, dead, memory }) {
      const seats = Object.values(results).filter((seat) => seat !== undefined)
      if (new Set(seats).size < seats.length) throw new Error(`they sit in ${seats}`)
      const state = (slot: number): number => stateOf(memory, slot)
      for (const slot of seats) {
        if (state(slot as number) === SLOT_FREE) throw new Error(`the seat ${slot} of a living one is free`)
      }
      // One of all who look does it. If that one dies meanwhile, the next one to look begins anew.
      const [died, cleaned] = [before ? 1 : 0, memory[CLEANED] as number]
      if (dead.length === 0 && cleaned !== died) throw new Error(`cleaned up ${cleaned} times`)
    },
    nameOf(word) {
      if (word === OBJECTS_CREATING >> 2) return 'creating'
      if (word === CLEANED) return 'cleaned'
      return word >= LIFE && word < CLEANED ? `life of ${word - LIFE}` : nameOfSeat(word)
    },
  }
}

function stateOf(memory: Int32Array, slot: number): number {
  const words = new Participants({
    what: '',
    words: memory,
    payload: 0,
    futex: { block() {}, unblock() {} },
    bells: undefined,
    life: undefined,
    recover() {},
  })
  return memory[words.word(slot, PARTICIPANT_STATE)] as number
}

/** One joins while the other, whose seat it would like, may die. */
export const beside: Scenario = join({ seated, joining }, false)
/** Two join at the same time, each of which may die while it cleans up. */
export const pair: Scenario = join({ joining, other: joining }, true)
export const three: Scenario = join({ seated, joining, other: joining }, false)
