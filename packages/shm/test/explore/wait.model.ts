import type { Scenario, Self, ThreadBody } from '@ipc/faults'
import { EVENT_ANY, EVENT_BITS, EVENT_BYTES, OBJECTS_FIRST } from '../../src/layout.js'
import { WaitEvent } from '../../src/wait/wait-event.js'
import { nameOfSeat, seatAll, takeSeat } from './seats.js'

const SEATS = 3
const EVENT = OBJECTS_FIRST
/** What is waited for: a counter. */
const COUNT = (EVENT + EVENT_BYTES) >> 2

/** Wait until the counter is at least each of the values, one after the other. */
function waiter(slot: number, values: readonly number[]): ThreadBody {
  return (memory: SharedArrayBuffer, self: Self) => {
    const words = new Int32Array(memory)
    const { participants, own } = takeSeat({ words, self, slot })
    const event = new WaitEvent(words, EVENT, participants)
    for (const value of values) {
      const isThere = own.waitSync(
        {
          ready: () => Atomics.load(words, COUNT) >= value,
          arm: (participant) => event.arm(participant),
          disarm: (participant) => event.disarm(participant),
        },
        {},
      )
      if (!isThere) throw new Error('a wait without a limit of time came to an end')
    }
  }
}

/** Count, and signal, one after the other. */
function signaller(slot: number, times: number): ThreadBody {
  return (memory: SharedArrayBuffer, self: Self) => {
    const words = new Int32Array(memory)
    const { participants } = takeSeat({ words, self, slot })
    const event = new WaitEvent(words, EVENT, participants)
    for (let i = 0; i < times; i++) {
      Atomics.add(words, COUNT, 1)
      event.signal()
    }
  }
}

function waits(threads: Readonly<Record<string, ThreadBody>>): Scenario {
  return {
    memoryBytes: EVENT + 2 * EVENT_BYTES,
    setUp: (memory) => seatAll(new Int32Array(memory), SEATS),
    threads,
    nameOf(word) {
      if (word === COUNT) return 'count'
      if (word === (EVENT + EVENT_ANY) >> 2) return 'any'
      if (word === (EVENT + EVENT_BITS) >> 2) return 'bits'
      return nameOfSeat(word)
    },
  }
}

/** One sleeps, another wakes it. */
export const one: Scenario = waits({ waiter: waiter(0, [1]), signaller: signaller(1, 1) })
/** Twice, so that it may be woken for what it has seen already. */
export const twice: Scenario = waits({ waiter: waiter(0, [1, 2]), signaller: signaller(1, 2) })
/** Two sleepers for one signal. */
export const both: Scenario = waits({
  waiter: waiter(0, [1]),
  other: waiter(1, [1]),
  signaller: signaller(2, 1),
})
/** A sleeper that needs both of two signals at once. */
export const two: Scenario = waits({
  waiter: waiter(0, [2]),
  signaller: signaller(1, 1),
  other: signaller(2, 1),
})
