/** One access of a generated program. All values that are stored differ. */
export interface Step {
  readonly kind: 'load' | 'store' | 'atomic load' | 'atomic store' | 'exchange'
  readonly word: number
  readonly value: number
}

/** The accesses of each thread, in order. */
export type Program = readonly (readonly Step[])[]

const KINDS = ['load', 'store', 'atomic load', 'atomic store', 'exchange'] as const

/** Programs of two words, the same ones for the same seed. */
export function programOf(seed: number): Program {
  let state = seed
  const below = (limit: number): number => {
    state = (48_271 * state) % 2_147_483_647
    return state % limit
  }
  for (let i = 0; i < 5; i++) below(2)
  const threads = below(3) === 0 ? 3 : 2
  const length = threads === 3 ? 2 : 3
  let value = 0
  return Array.from({ length: threads }, () => {
    const code = Array.from({ length }, () => ({
      kind: KINDS[below(KINDS.length)] as Step['kind'],
      word: below(2),
      value: ++value,
    }))
    // Words that a thread exchanges it does not store plainly: there the model is stricter than arm64.
    return code.map((step) => {
      const isExchanged = code.some(({ kind, word }) => kind === 'exchange' && word === step.word)
      return step.kind === 'store' && isExchanged ? { ...step, kind: 'atomic store' as const } : step
    })
  })
}
