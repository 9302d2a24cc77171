/** A source of numbers that are the same in every run. */
export interface Random {
  /** At least 0, less than 1. */
  next(): number
  /** A whole number from `min` to `max`, both included. */
  integer(min: number, max: number): number
  /** Exponentially distributed, as the time between events that do not know of each other. */
  exponential(mean: number): number
}

/** Rounds after which the words of the key have reached all bits of the state. */
const WARM_UP = 16

/**
 * The generator sfc32.
 *
 * @param key - Whole numbers; each key has a sequence of its own, which says nothing about those of other keys.
 */
export function createRandom(...key: readonly number[]): Random {
  const next = sfc32(...wordsOf(key))
  for (let round = 0; round < WARM_UP; round++) next()
  return {
    next,
    integer: (min, max) => min + Math.floor(next() * (max - min + 1)),
    exponential: (mean) => -Math.log(1 - next()) * mean,
  }
}

function sfc32(first: number, second: number, third: number): () => number {
  let a = first
  let b = second
  let c = third
  let counter = 1
  return () => {
    const sum = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return (sum >>> 0) / 2 ** 32
  }
}

function wordsOf(key: readonly number[]): [number, number, number] {
  let hash = 0x811c9dc5
  const add = (word: number): void => {
    hash = Math.imul(hash ^ (word | 0), 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35)
    hash ^= hash >>> 13
  }
  for (const number of key) {
    add(number)
    add(Math.floor(number / 2 ** 32))
  }
  const words: [number, number, number] = [0, 0, 0]
  return words.map((_, index) => {
    add(index)
    return hash
  }) as [number, number, number]
}
