import { checkMs } from '../../check-number.js'
import type { Toxic } from '../toxic.js'

/** Options of {@link latency}. */
export interface LatencyOptions {
  /** How long everything is on its way. */
  readonly ms: number
  /** What is read at once takes longer or shorter by at most this. Order is kept. Default 0. */
  readonly jitterMs?: number
}

/** Everything arrives later. At most 64 KiB are on their way: what is behind them is not read yet. */
export function latency({ ms, jitterMs = 0 }: LatencyOptions): Toxic {
  checkMs('ms', ms)
  checkMs('jitterMs', jitterMs)
  return {
    name: 'latency',
    start: ({ random }) => {
      let earliestMs = 0
      return (piece, pass) => {
        const delayMs = Math.max(0, ms + (random.next() * 2 - 1) * jitterMs)
        earliestMs = Math.max(earliestMs, piece.dueMs + delayMs)
        pass({ ...piece, dueMs: earliestMs })
      }
    },
  }
}
