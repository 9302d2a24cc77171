import type { CrashPoint, Death, Moment, Step, Victims } from '@ipc/faults/crash'
import { type SeriesPlace, seriesPlace } from './place.js'
import type { Looks } from './quick-looks.js'
import type { Outcome, Scenario, Survivors } from './scenario.js'
import { type Failure, type ScenarioResult, titleOf } from './scenario-result.js'

/** More than this of one step tell nothing new. */
const MOST_FAILURES = 3
const DRY_RUNS = 3
/** Victims in one place. */
const MOST_MET = 100
/** So many times as many kills as asked for, until each step has them: an operation may take other ways. */
const PATIENCE = 4

/** What {@link runScenario} needs. */
export interface RunOptions {
  readonly victims: Victims
  /** Those of the survivors' process. */
  readonly looks: Looks
  /** Of each step. */
  readonly kills: number
  /** Told after each victim where it died. */
  progress(at: string): void
}

/** Kill a victim at each step of a scenario, again and again. */
export async function runScenario(scenario: Scenario, options: RunOptions): Promise<ScenarioResult> {
  const run = new ScenarioRun(scenario, options)
  await run.all()
  return run.result
}

class ScenarioRun {
  readonly #scenario: Scenario
  readonly #options: RunOptions
  readonly #outcomes = new Map<string, Record<Outcome, number>>()
  readonly #failures: Failure[] = []
  #kills = 0
  #place: SeriesPlace | undefined
  #survivors: Survivors | undefined
  /** Victims in this place. */
  #met = 0

  constructor(scenario: Scenario, options: RunOptions) {
    this.#scenario = scenario
    this.#options = options
  }

  get result(): ScenarioResult {
    const { structure, name } = this.#scenario
    const steps = [...this.#outcomes].map(([step, outcomes]) => ({ step, outcomes }))
    return { structure, name, steps, kills: this.#kills, failures: this.#failures }
  }

  async all(): Promise<void> {
    let steps: readonly Step[] = []
    try {
      steps = await this.#record()
    } catch (error) {
      this.#failed('no step', 'in the dry run', 0, error)
    }
    for (const { name } of steps) this.#outcomes.set(name, {})
    for (const step of steps) await this.#series(step)
    try {
      await this.#leave()
    } catch (error) {
      this.#failed('all steps', 'in the end', this.#kills, error)
    }
  }

  /**
   * The steps that it takes each time: some depend on who is faster. The first time does not count, since what one
   * leaves behind is there for the next, and not for the first.
   */
  async #record(): Promise<readonly Step[]> {
    const { only = /./ } = this.#scenario
    await this.#meet(await this.#here(), undefined)
    let steps: readonly Step[] | undefined
    for (let times = 0; times < DRY_RUNS; times++) {
      const found = (await this.#meet(await this.#here(), undefined)).steps
      const names = new Set(found.map(({ name }) => name))
      steps = (steps ?? found).filter(({ name }) => names.has(name) && only.test(name))
    }
    return steps ?? []
  }

  async #series({ name, moments }: Step): Promise<void> {
    const { kills } = this.#options
    // Not the same one for each step, when each is met once only.
    const first = this.#kills
    let failures = 0
    for (let kill = 0, hits = 0; hits < kills && kill < PATIENCE * kills; kill++) {
      const when = moments[(first + kill) % moments.length] as Moment
      try {
        if (await this.#kill(await this.#here(), { step: name, when })) hits++
      } catch (error) {
        this.#failed(name, when, kill, error)
        // What comes after it there would only suffer from the same.
        await this.#leave().catch(() => {})
        if (++failures >= MOST_FAILURES) return
      }
    }
  }

  /** The survivors, who are in one place for many kills: what they left there is there for the next. */
  async #here(): Promise<Survivors> {
    if (this.#met >= MOST_MET) await this.#leave()
    if (this.#survivors !== undefined) return this.#survivors
    this.#place = seriesPlace(this.#options.victims)
    this.#survivors = await this.#scenario.begin(this.#place)
    return this.#survivors
  }

  /** Leave the place, and look that nothing stays behind. */
  async #leave(): Promise<void> {
    const place = this.#place
    this.#place = undefined
    this.#survivors = undefined
    this.#met = 0
    try {
      await place?.end()
    } finally {
      place?.remove()
    }
  }

  /** Returns whether the victim died: it may have taken a way without that step. */
  async #kill(survivors: Survivors, point: CrashPoint): Promise<boolean> {
    const { step, outcome } = await this.#meet(survivors, point)
    if (step === undefined) return false
    const outcomes = this.#outcomes.get(step) as Record<Outcome, number>
    this.#kills++
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
    return true
  }

  /** One victim, and what its survivors say. */
  async #meet(survivors: Survivors, point: CrashPoint | undefined): Promise<Death & { outcome: Outcome }> {
    const { victims, looks, progress } = this.#options
    this.#met++
    this.#place?.tidy()
    looks.slowly()
    const args = await survivors.prepare()
    const victim = victims.start({ operation: this.#scenario.operation, args, point })
    // So that a victim that failed is told of, and not what waits for it.
    const [death] = await Promise.all([victim.death, survivors.during?.(victim)])
    looks.quickly()
    const outcome = await survivors.settle(death)
    progress(point === undefined ? 'the dry run' : `${point.when} ${point.step}`)
    return { ...death, outcome }
  }

  #failed(step: string, when: string, kill: number, error: unknown): void {
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.#failures.push({ scenario: titleOf(this.#scenario), step, when, kill, why })
  }
}
