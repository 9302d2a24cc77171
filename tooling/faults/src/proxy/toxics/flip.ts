import { checkWhole } from '../../check-number.js'
import type { Random } from '../random.js'
import type { Toxic } from '../toxic.js'

/** Options of {@link flip}. */
export type FlipOptions =
  /** Of each byte to be changed, more than 0. */
  | { readonly probability: number }
  /** The one byte to be changed; 0 is the first. */
  | { readonly atByte: number }

/** Bytes arrive changed: some of their bits, at least one, are flipped. */
export function flip(options: FlipOptions): Toxic {
  const distance = distancesOf(options)
  return {
    name: 'flip',
    start: ({ random }) => {
      let first = true
      let until = 0
      const advance = (): void => {
        until += distance(random, first)
        first = false
      }
      advance()
      return (piece, pass) => {
        if (piece.kind !== 'bytes') return pass(piece)
        const { length } = piece.bytes
        const bytes = until < length ? Buffer.from(piece.bytes) : piece.bytes
        while (until < length) {
          bytes[until]! ^= random.integer(1, 255)
          until++
          advance()
        }
        until -= length
        pass({ ...piece, bytes })
      }
    },
  }
}

/** How many bytes stay as they are before the next one that does not. */
function distancesOf(options: FlipOptions): (random: Random, first: boolean) => number {
  if ('atByte' in options) {
    const atByte = checkWhole('atByte', options.atByte, 0)
    return (_, first) => (first ? atByte : Number.POSITIVE_INFINITY)
  }
  const { probability } = options
  if (!(probability > 0 && probability <= 1)) {
    throw new RangeError(`probability must be more than 0 and at most 1, got ${probability}`)
  }
  // The same as to decide for each byte, with a random number for each change instead of each byte.
  const perByte = Math.log(1 - probability)
  return (random) => Math.floor(Math.log(1 - random.next()) / perByte)
}
