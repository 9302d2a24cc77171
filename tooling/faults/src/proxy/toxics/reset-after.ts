import { checkMs, checkWhole } from '../../check-number.js'
import type { Piece } from '../piece.js'
import type { Random } from '../random.js'
import type { Toxic, Transform } from '../toxic.js'

/** A number between two others, both included, chosen for each connection by the seed. */
export interface Between {
  readonly min: number
  readonly max: number
}

/** Options of {@link resetAfter}. */
export type ResetAfterOptions =
  /**
   * Behind so many bytes. They are all written before; but what the receiver's system has no room for at that moment is
   * lost, as it is by every RST.
   */
  | { readonly bytes: number | Between }
  /** After a time. What has not been passed on by then is lost. */
  | { readonly ms: number | Between }

/** The connection is reset, on both sides. */
export function resetAfter(options: ResetAfterOptions): Toxic {
  if ('ms' in options) {
    const { min, max } = rangeOf('ms', options.ms, checkMs)
    return {
      name: 'resetAfter',
      start: ({ random, after, reset }) => {
        after(min + random.next() * (max - min), reset)
        return (piece, pass) => pass(piece)
      },
    }
  }
  const range = rangeOf('bytes', options.bytes, (name, value) => checkWhole(name, value, 1))
  return { name: 'resetAfter', start: ({ random }) => resetBehind(pick(random, range)) }
}

function resetBehind(limitBytes: number): Transform {
  let leftBytes = limitBytes
  return (piece: Piece, pass) => {
    if (leftBytes === 0) return
    if (piece.kind !== 'bytes') return pass(piece)
    const bytes = piece.bytes.subarray(0, leftBytes)
    leftBytes -= bytes.length
    pass({ ...piece, bytes })
    if (leftBytes === 0) pass({ kind: 'reset', overtakes: false, dueMs: piece.dueMs })
  }
}

function rangeOf(
  name: string,
  value: number | Between,
  check: (name: string, value: number) => number,
): Between {
  const { min, max } = typeof value === 'number' ? { min: value, max: value } : value
  check(`${name}.min`, min)
  check(`${name}.max`, max)
  if (min > max) throw new RangeError(`${name}.min must not be more than ${name}.max, got ${min} and ${max}`)
  return { min, max }
}

function pick(random: Random, { min, max }: Between): number {
  return random.integer(min, max)
}
