import type { Figure } from '../bench-case.js'
import type { FailureMessage } from './control.js'
import type { PairName } from './pairs.js'

/** What a near side is started with. */
export interface NearJob {
  readonly pair: PairName
  readonly shape: unknown
  readonly seconds: number
  readonly scratch: string
}

/** What a far side is started with. */
export interface FarJob extends NearJob {
  readonly index: number
}

/** What a near side says before it ends. */
export type NearReport = { readonly figures: readonly Figure[] } | FailureMessage
