import type { Scenario, ThreadBody } from '../../src/index.js'

/** A thread of a litmus test: what it does to the words x, y and z, and what it found. */
type Code = (words: Int32Array) => unknown

const X = 0
const Y = 16
const Z = 32

/** Threads P0, P1, ... over words that are 0. */
function litmus(...codes: readonly Code[]): Scenario {
  const threads: Record<string, ThreadBody> = {}
  codes.forEach((code, number) => {
    threads[`P${number}`] = (memory) => code(new Int32Array(memory))
  })
  return { memoryBytes: 256, threads }
}

const { load, store, add, exchange, compareExchange } = Atomics

/** Message passing. */
export const mpPlain: Scenario = litmus(
  (w) => {
    w[X] = 1
    w[Y] = 1
  },
  (w) => [w[Y], w[X]],
)
export const mpAtomic: Scenario = litmus(
  (w) => {
    w[X] = 1
    store(w, Y, 1)
  },
  (w) => [load(w, Y), w[X]],
)
export const mpReleaseOnly: Scenario = litmus(
  (w) => {
    w[X] = 1
    store(w, Y, 1)
  },
  (w) => [w[Y], w[X]],
)
export const mpAcquireOnly: Scenario = litmus(
  (w) => {
    w[X] = 1
    w[Y] = 1
  },
  (w) => [load(w, Y), w[X]],
)
export const mpExchange: Scenario = litmus(
  (w) => {
    w[X] = 1
    exchange(w, Y, 1)
  },
  (w) => [add(w, Y, 0), w[X]],
)

/** Store buffering. */
export const sbPlain: Scenario = litmus(
  (w) => {
    w[X] = 1
    return w[Y]
  },
  (w) => {
    w[Y] = 1
    return w[X]
  },
)
export const sbAtomic: Scenario = litmus(
  (w) => {
    store(w, X, 1)
    return load(w, Y)
  },
  (w) => {
    store(w, Y, 1)
    return load(w, X)
  },
)
export const sbPlainLoads: Scenario = litmus(
  (w) => {
    store(w, X, 1)
    return w[Y]
  },
  (w) => {
    store(w, Y, 1)
    return w[X]
  },
)
export const sbPlainStores: Scenario = litmus(
  (w) => {
    w[X] = 1
    return load(w, Y)
  },
  (w) => {
    w[Y] = 1
    return load(w, X)
  },
)
export const sbExchange: Scenario = litmus(
  (w) => {
    exchange(w, X, 1)
    return load(w, Y)
  },
  (w) => {
    exchange(w, Y, 1)
    return load(w, X)
  },
)
export const sbExchangePlainLoads: Scenario = litmus(
  (w) => {
    exchange(w, X, 1)
    return w[Y]
  },
  (w) => {
    exchange(w, Y, 1)
    return w[X]
  },
)

/** Load buffering. */
export const lbPlain: Scenario = litmus(
  (w) => {
    const found = w[X]
    w[Y] = 1
    return found
  },
  (w) => {
    const found = w[Y]
    w[X] = 1
    return found
  },
)
export const lbAtomic: Scenario = litmus(
  (w) => {
    const found = load(w, X)
    store(w, Y, 1)
    return found
  },
  (w) => {
    const found = load(w, Y)
    store(w, X, 1)
    return found
  },
)
/** The stores of P0 depend on its load: as its value, as a branch, and by way of a word of its own. */
export const lbData: Scenario = litmus((w) => {
  const found = w[X] as number
  w[Y] = found
  return found
}, storeAfterLoad)
export const lbControl: Scenario = litmus((w) => {
  const found = w[X]
  if (found === 1) w[Y] = 1
  return found
}, storeAfterLoad)
export const lbForwarded: Scenario = litmus((w) => {
  w[Z] = w[X] as number
  const found = w[Z]
  w[Y] = found
  return found
}, storeAfterLoad)
export const lbIndependent: Scenario = litmus((w) => {
  const found = w[X]
  w[Y] = 1
  return found
}, storeAfterLoad)

function storeAfterLoad(w: Int32Array): number {
  const found = load(w, Y)
  w[X] = 1
  return found
}

/** What comes after an atomic store, or after a read-modify-write, may be seen before it. */
export const afterStore: Scenario = litmus(
  (w) => {
    store(w, X, 1)
    w[Y] = 1
  },
  (w) => [load(w, Y), load(w, X)],
)
export const afterStores: Scenario = litmus(
  (w) => {
    store(w, X, 1)
    store(w, Y, 1)
  },
  (w) => [load(w, Y), load(w, X)],
)
export const afterExchange: Scenario = litmus(
  (w) => {
    exchange(w, X, 1)
    w[Y] = 1
  },
  (w) => [load(w, Y), load(w, X)],
)
/** With an exchange on both sides one of them sees the other: the announcement of the broadcast ring. */
export const announced: Scenario = litmus(
  (w) => {
    exchange(w, X, 1)
    w[Y] = 1
  },
  (w) => [w[Y], add(w, X, 0)],
)

/** A plain load may take effect after an atomic load: why a seqlock is wrong whose second look is one. */
export const loadThenLoad: Scenario = litmus(
  (w) => {
    store(w, X, 1)
    store(w, Y, 1)
  },
  (w) => [w[Y], load(w, X)],
)
export const loadThenModify: Scenario = litmus(
  (w) => {
    add(w, X, 1)
    add(w, Y, 1)
  },
  (w) => [w[Y], add(w, X, 0)],
)

/** Independent reads of independent writes, and other tests of more than two threads. */
export const iriwAtomic: Scenario = litmus(
  (w) => {
    store(w, X, 1)
  },
  (w) => {
    store(w, Y, 1)
  },
  (w) => [load(w, X), load(w, Y)],
  (w) => [load(w, Y), load(w, X)],
)
export const wrc: Scenario = litmus(
  (w) => {
    w[X] = 1
  },
  (w) => {
    const found = load(w, X)
    store(w, Y, 1)
    return found
  },
  (w) => [load(w, Y), w[X]],
)

/** One place is coherent. */
export const coRR: Scenario = litmus(
  (w) => {
    w[X] = 1
  },
  (w) => [w[X], w[X]],
)
export const coWW: Scenario = litmus(
  (w) => {
    w[X] = 1
    w[X] = 2
  },
  (w) => [w[X], load(w, X)],
)
export const coRW: Scenario = litmus(
  (w) => {
    const found = w[X]
    w[X] = 1
    return found
  },
  (w) => {
    w[X] = 2
  },
)
export const ownStores: Scenario = litmus(
  (w) => {
    w[X] = 1
    return [w[X], w[Y]]
  },
  (w) => {
    w[Y] = 1
    return [w[Y], w[X]]
  },
)
export const bytes: Scenario = {
  memoryBytes: 64,
  threads: {
    P0: (memory) => {
      new Uint8Array(memory)[0] = 1
    },
    P1: (memory) => {
      new Uint8Array(memory)[1] = 1
    },
    P2: (memory) => {
      const all = new Uint8Array(memory).slice(0, 3)
      return all[0]! + 10 * all[1]!
    },
  },
}

/** Read-modify-writes lose nothing, and a failed one stores nothing. */
export const adds: Scenario = litmus(
  (w) => add(w, X, 1),
  (w) => add(w, X, 1),
  (w) => add(w, X, 1),
)
export const exchangeOnce: Scenario = litmus(
  (w) => compareExchange(w, X, 0, 1),
  (w) => compareExchange(w, X, 0, 2),
  (w) => load(w, X),
)
/** Plain increments are lost. */
export const lostUpdate: Scenario = litmus(
  (w) => {
    w[X]!++
    return load(w, Y)
  },
  (w) => {
    w[X]!++
    return load(w, Y)
  },
  (w) => w[X],
)
