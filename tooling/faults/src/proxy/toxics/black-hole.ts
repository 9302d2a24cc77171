import type { Toxic } from '../toxic.js'

/** Options of {@link blackHole}. */
export interface BlackHoleOptions {
  /**
   * `swallow`: everything is read and lost. `hold`: everything waits until the toxic is taken away, and when there is no
   * more room, the sender does.
   */
  readonly mode: 'swallow' | 'hold'
}

/** Nothing arrives: no byte, no FIN, no RST. */
export function blackHole({ mode }: BlackHoleOptions): Toxic {
  if (mode !== 'swallow' && mode !== 'hold') throw new TypeError(`mode must be swallow or hold, got ${mode}`)
  return {
    name: 'blackHole',
    start: () => (piece, pass) => {
      if (mode === 'hold') pass({ ...piece, dueMs: Number.POSITIVE_INFINITY })
    },
  }
}
