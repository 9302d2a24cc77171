import type { Scenario } from '../../src/index.js'

function increment(memory: SharedArrayBuffer): void {
  new Int32Array(memory)[0]!++
}

export const counter: Scenario = {
  memoryBytes: 64,
  threads: { a: increment, b: increment },
  check({ memory }) {
    if (memory[0] !== 2) throw new Error(`counted ${memory[0]}`)
  },
  nameOf: (word) => (word === 0 ? 'counter' : undefined),
}

/** The second thread looks at what the first one, which may die, has stored, once it is known to be dead. */
export const will: Scenario = {
  memoryBytes: 64,
  threads: {
    dying(memory) {
      const words = new Int32Array(memory)
      words[0] = 1
      words[4] = 1
    },
    heir(memory, self) {
      if (self.isAlive('dying')) return 'alive'
      const words = new Int32Array(memory)
      return `${words[0]}${words[4]}`
    },
  },
}

/** Sleeps until it is woken. */
export const sleeper: Scenario = {
  memoryBytes: 64,
  threads: {
    sleeper(memory, self) {
      const before = performance.now()
      self.futex(new Int32Array(memory)).block(0, 0, 500)
      return performance.now() - before >= 500 ? 'in time' : 'woken'
    },
    waker(memory, self) {
      const words = new Int32Array(memory)
      Atomics.store(words, 0, 1)
      self.futex(words).unblock(0)
    },
  },
}
export const forgotten: Scenario = {
  ...sleeper,
  threads: { sleeper: sleeper.threads.sleeper!, other: () => {} },
}

/** A lock that whoever dies gives back. */
export const lock: Scenario = {
  memoryBytes: 64,
  threads: {
    owner(memory, self) {
      const locks = self.locks(new Int32Array(memory, 16, 1))
      return locks.take(0)
    },
    other(memory, self) {
      const locks = self.locks(new Int32Array(memory, 16, 1))
      const isTaken = locks.isTaken(0)
      return `${isTaken ? 'taken' : 'free'}, ${locks.take(0) ? 'has it' : 'has it not'}`
    },
  },
}

export const random: Scenario = { memoryBytes: 64, threads: { a: () => Math.random() } }
export const invariant: Scenario = {
  ...counter,
  invariant(memory) {
    if ((memory[0] as number) > 1) throw new Error('more than 1')
  },
}
export const endless: Scenario = {
  memoryBytes: 64,
  threads: {
    a(memory) {
      while (Atomics.load(new Int32Array(memory), 0) === 0);
    },
    b: increment,
  },
}
/** The log has the order of what happened. */
export const notes: Scenario = {
  memoryBytes: 64,
  threads: { a: (_, self) => self.note('a'), b: (_, self) => self.note('b') },
  check({ notes }) {
    if (String(notes) === 'b,a') throw new Error('b before a')
  },
}
