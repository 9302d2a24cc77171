import type { Outcome } from './scenario.js'

/** A kill after which something was not as promised. */
export interface Failure {
  readonly scenario: string
  readonly step: string
  readonly when: string
  readonly kill: number
  readonly why: string
}

/** Outcomes of one step, with how often they came. */
export interface StepResult {
  readonly step: string
  readonly outcomes: Record<Outcome, number>
}

/** What became of one scenario. */
export interface ScenarioResult {
  readonly structure: string
  readonly name: string
  readonly steps: StepResult[]
  readonly kills: number
  readonly failures: Failure[]
}

interface Named {
  readonly structure: string
  readonly name: string
}

/** Name of a scenario in messages. */
export function titleOf({ structure, name }: Named): string {
  return `${structure}: ${name}`
}
