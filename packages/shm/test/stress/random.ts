/** Numbers that depend on a seed only. */
export interface Random {
  /** From 0 to `below` - 1. */
  below(below: number): number
  /** Around `mean`, as the times between events that do not depend on each other. */
  exponential(mean: number): number
}

/** Two seeds that differ a little give numbers that have nothing to do with each other. */
export function randomOf(seed: number): Random {
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) | 1
  const next = (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
  for (let i = 0; i < 8; i++) next()
  return {
    below: (below) => next() % below,
    exponential: (mean) => -Math.log((next() + 1) / 2 ** 32) * mean,
  }
}
