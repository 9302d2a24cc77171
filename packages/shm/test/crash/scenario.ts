import type { Death, Victim, VictimRequest } from '@ipc/faults/crash'
import type { Region } from '@ipc/shm'

/** What came of a kill, in words of the structure: `delivered`, `not written`. */
export type Outcome = string

/** Where one series of kills plays: a directory of its own, and the survivors' region in it. */
export interface Place {
  readonly directory: string
  /** Open the region `name`; closed at the end of the series. */
  open(name?: string, bytes?: number): Region
  /** Names of the files that are in the directory now, or in one below it. */
  files(directory?: string): string[]
  /** Remove a directory below. */
  removeBelow(directory: string): void
  /** Call this at the end of the series. */
  atEnd(end: () => Promise<void>): void
  /** Kill another process first: what it left behind is what the victim then meets. */
  kill(request: VictimRequest): Promise<Death>
}

/** The survivors of one series. */
export interface Survivors {
  /** Bring things to where the operation begins; returns what the victim is told. */
  prepare(): unknown | Promise<unknown>
  /** While the victim is at work. */
  during?(victim: Victim): Promise<void>
  /**
   * Go on after the victim's death, and look at everything that was promised.
   *
   * @throws when something was not kept.
   */
  settle(death: Death): Outcome | Promise<Outcome>
}

/** What victims do, by name: from what a victim is told to its operation, which is what has steps. */
export type Operations = Readonly<Record<string, (args: never) => (() => unknown) | Promise<() => unknown>>>

/** One operation of a victim, and who is left. */
export interface Scenario {
  readonly structure: string
  readonly name: string
  /** What the victim runs: one of `operations`. */
  readonly operation: string
  /** Which steps are of this scenario; by default all. */
  readonly only?: RegExp
  begin(place: Place): Survivors | Promise<Survivors>
}

/** Longest time that something may take that is promised to come. */
export const WATCHDOG_MS = 20_000

/** Fail with what was expected. */
export function check(isTrue: boolean, what: string): asserts isTrue {
  if (!isTrue) throw new Error(what)
}
