import type { Result } from '../results.js'
import type { StartActor } from './actor.js'

/** One statement about the two models of communication between processes, and how this machine shows it. */
export interface Statement {
  /** Its number in DESIGN.md, section 1.1. */
  readonly number: number
  readonly title: string
  /** Whether it is one of speed: what a busy machine may contradict fails no run. */
  readonly isOfSpeed?: true
  /**
   * Measure it with real processes.
   *
   * @throws CannotShow when this machine lacks what that takes.
   */
  measure(stage: Stage): Promise<Evidence>
}

/** What a measurement has to work with. */
export interface Stage {
  /** A directory of its own, for sockets, regions and queues. */
  readonly scratch: string
  /** How much work is done: 1, or a part of it where a quick look is enough. */
  readonly effort: number
  /** What the transports have reached in this run. */
  readonly results: readonly Result[]
  /** Start a process that plays the roles of the statement. All of them end with the measurement. */
  readonly start: StartActor
}

/** What came of a measurement. */
export interface Evidence {
  /** Whether the figures are as the statement has it. */
  readonly shown: boolean
  /** The figures that decide, in one line. */
  readonly figure: string
  /** How they were measured, in one sentence. */
  readonly how: string
  readonly measurements: readonly Measurement[]
}

/** One measured number. */
export interface Measurement {
  /** What was measured: `system calls`, `set-up`. */
  readonly metric: string
  /** Of what: a transport, a way to wait, a codec. */
  readonly subject: string
  /** Size of the messages, where it is one of many. */
  readonly bytes?: number
  readonly value: number
  readonly unit: string
}

/** This machine lacks what a measurement takes; the message says what, in a few words. */
export class CannotShow extends Error {
  override readonly name = 'CannotShow'
}

/** What is known of a statement after the run. */
export interface Finding extends Evidence {
  readonly number: number
  readonly title: string
  readonly isOfSpeed?: true
  /** Why it is not shown: figures that say otherwise, a measurement that failed, or a machine that lacks something. */
  readonly because?: 'contradicted' | 'failed' | 'missing'
}

/** Whether something is wrong when a statement is not shown: a figure of speed is what it is, on a machine that is busy. */
export function isFault({ because, isOfSpeed }: Pick<Finding, 'because' | 'isOfSpeed'>): boolean {
  return because === 'failed' || (because === 'contradicted' && isOfSpeed !== true)
}
