import type { Pace } from './protocol.js'

/** What of a pace is to be another: who pauses a process need not know how fast it is meant to be. */
export interface PaceChange {
  readonly paused?: boolean | undefined
  readonly perSecond?: Pace['perSecond'] | undefined
}

/** The pace with the change made. */
export function changePace(pace: Pace, { paused, perSecond }: PaceChange): Pace {
  return { paused: paused ?? pace.paused, perSecond: perSecond ?? pace.perSecond }
}
