import { byteSize } from '../../figures.js'
import { type Curve, crossover, lowestOf } from '../../statements/crossover.js'

/** From which size on shared memory is ahead of everything that passes messages. */
export interface Lead {
  /** In a sentence. */
  readonly words: string
  /** To be drawn; absent where one model is ahead all along. */
  readonly mark?: { readonly bytes: number; readonly text: string }
}

/** Compare shared memory with the best of the others, by times for each size. */
export function leadOf(shared: Curve, passing: readonly Curve[]): Lead {
  const others = lowestOf(passing)
  const at = crossover(others, shared)
  if (at !== undefined) {
    const size = byteSize(at)
    return {
      words: `Shared memory is ahead from about ${size} on.`,
      mark: { bytes: at, text: `crossover ${size}` },
    }
  }
  const always = shared.every(([, ms], index) => ms < others[index]![1])
  return {
    words: always
      ? 'Shared memory is ahead at every size.'
      : 'Shared memory is not ahead at the largest size.',
  }
}
