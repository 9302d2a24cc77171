import type { Figure } from '../bench-case.js'
import type { Control } from './control.js'
import type { FarSide } from './far-side.js'

/** What every pair of sides is told. */
export interface PairSetting {
  readonly seconds: number
  readonly scratch: string
}

/** Where the near side is, which measures. */
export interface NearPlace extends PairSetting {
  readonly fars: readonly FarSide[]
}

/** Where a far side is. */
export interface FarPlace extends PairSetting {
  readonly control: Control
  /** Which of the far sides this is, from 0. */
  readonly index: number
}

/**
 * The code of one measured system: a near side, which is a process of its own, and a far side, which is another one or a
 * worker thread of it. Nothing else ever runs in them, so no system runs in machine code that another one has shaped.
 */
export interface Pair<Shape> {
  readonly far: 'process' | 'thread'
  /** @default 1 */
  readonly fars?: number
  runNear(place: NearPlace, shape: Shape): Promise<readonly Figure[]>
  runFar(place: FarPlace, shape: Shape): Promise<void>
}

/** All sides wait for each other. Called by the near side as often as by the far ones. */
export async function meetFars({ fars }: NearPlace): Promise<void> {
  for (const far of fars) await far.control.hear()
  for (const far of fars) far.control.tell('met')
}

/** The counterpart of {@link meetFars}. */
export async function meetNear({ control }: FarPlace): Promise<void> {
  control.tell('here')
  await control.hear()
}
