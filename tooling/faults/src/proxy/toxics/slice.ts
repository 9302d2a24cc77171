import { checkMs, checkWhole } from '../../check-number.js'
import type { Toxic } from '../toxic.js'

/** Options of {@link slice}. */
export interface SliceOptions {
  /** Where the stream is cut: behind every so many bytes. */
  readonly bytes: number
  /** Time between two slices. Default 0: a turn of the event loop. */
  readonly delayMs?: number
}

/**
 * Bytes arrive in slices: written one by one, without Nagle's algorithm, so that a reader that keeps up reads them one by
 * one.
 */
export function slice({ bytes: sliceBytes, delayMs = 0 }: SliceOptions): Toxic {
  checkWhole('bytes', sliceBytes, 1)
  checkMs('delayMs', delayMs)
  return {
    name: 'slice',
    start: () => {
      let dueMs = 0
      let leftInSlice = sliceBytes
      return (piece, pass) => {
        dueMs = Math.max(dueMs, piece.dueMs)
        if (piece.kind !== 'bytes') return pass({ ...piece, dueMs })
        for (let start = 0; start < piece.bytes.length; ) {
          const bytes = piece.bytes.subarray(start, start + leftInSlice)
          pass({ kind: 'bytes', bytes, alone: true, dueMs })
          start += bytes.length
          leftInSlice -= bytes.length
          if (leftInSlice > 0) continue
          leftInSlice = sliceBytes
          dueMs += delayMs
        }
      }
    },
  }
}
