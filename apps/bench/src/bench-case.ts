import type { Provided, Requirement } from './requirements.js'

/** A figure of one measurement. The first metric of a case is the one that systems are compared by. */
export interface Figure {
  readonly metric: string
  readonly value: number
  readonly unit: string
}

/** What every measurement of a run has in common. */
export interface Setting extends Provided {
  readonly seconds: number
  /** Directory for sockets and the names of shared memory. */
  readonly scratch: string
  readonly signal: AbortSignal
}

/** Something that does the work of a case: ours, a peer, or C. */
export interface System {
  readonly name: string
  /** Where something of it is not there, this system is left out. */
  readonly needs: Requirement | readonly Requirement[] | undefined
  /** Run once, with both sides in processes or threads of their own, made for it. */
  measure(setting: Setting): Promise<readonly Figure[]>
  /** The same as another checkout of this workspace, which is built, has it. Only of our packages. */
  inCheckout?(directory: string): System
}

/** What DESIGN.md sets out to reach: `system` compared with `than`, by the first metric. */
export interface Target {
  readonly system: string
  readonly than: string
  readonly bound: 'at least' | 'at most'
  readonly ratio: number
}

/** One kind of work, done by several systems in turn. */
export interface BenchCase {
  /** Begins with the area: `shm/one-way/64/each`. */
  readonly name: string
  readonly about: string
  readonly systems: readonly System[]
  /** Ratios are to this one; `undefined` where there is nobody to compare with. */
  readonly reference: string | undefined
  readonly targets: readonly Target[]
}

/** Time that both sides run before it counts, until the machine code is there. */
export const WARM_UP_SECONDS = 0.2
