import type { Toxic } from '../toxic.js'

/** Options of {@link bandwidth}. */
export interface BandwidthOptions {
  readonly bytesPerSecond: number
}

/** What takes longer to transmit is passed on in parts. */
const PART_MS = 20

/** Nothing goes faster than so many bytes per second. */
export function bandwidth({ bytesPerSecond }: BandwidthOptions): Toxic {
  if (!(bytesPerSecond > 0)) throw new RangeError(`bytesPerSecond must be more than 0, got ${bytesPerSecond}`)
  const partBytes = Math.max(1, Math.floor((bytesPerSecond * PART_MS) / 1000))
  return {
    name: 'bandwidth',
    start: () => {
      let freeMs = 0
      return (piece, pass) => {
        freeMs = Math.max(freeMs, piece.dueMs)
        if (piece.kind !== 'bytes') return pass({ ...piece, dueMs: freeMs })
        for (let start = 0; start < piece.bytes.length; start += partBytes) {
          const bytes = piece.bytes.subarray(start, start + partBytes)
          freeMs += (bytes.length / bytesPerSecond) * 1000
          pass({ ...piece, bytes, dueMs: freeMs })
        }
      }
    },
  }
}
