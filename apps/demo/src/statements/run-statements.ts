import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isIpcError } from '@ipc/core'
import type { Result } from '../results.js'
import { makeScratch, removeScratch } from '../scratch.js'
import { type StartActor, startActor } from './actor.js'
import { loadStatement, type StatementId } from './index.js'
import { CannotShow, type Finding, type Statement } from './statement.js'

/** No measurement takes this long: then it hangs. */
const WATCHDOG_MS = 120_000

/** A statement that is to be measured, by its name. */
export type Loaded = readonly [id: StatementId, statement: Statement]

/** Load statements, and the packages that they use. */
export function loadStatements(ids: readonly StatementId[]): Promise<Loaded[]> {
  return Promise.all(ids.map(async (id): Promise<Loaded> => [id, (await loadStatement(id)).statement]))
}

/** What {@link runStatements} is to do. */
export interface StatementRun {
  readonly statements: readonly Loaded[]
  readonly effort: number
  readonly results: readonly Result[]
  readonly signal: AbortSignal
  /** A measurement begins, or has ended. */
  onTurn(statement: Statement, finding: Finding | undefined): void
}

/**
 * Measure one statement after the other, with processes of their own. What fails is a finding too.
 *
 * @throws the reason of `signal`.
 */
export async function runStatements(run: StatementRun): Promise<Finding[]> {
  const scratch = makeScratch()
  const findings: Finding[] = []
  try {
    for (const [id, statement] of run.statements) {
      run.onTurn(statement, undefined)
      const directory = join(scratch, id)
      mkdirSync(directory, { mode: 0o700 })
      const finding = await find(statement, directory, scratch, run)
      run.onTurn(statement, finding)
      findings.push(finding)
    }
  } finally {
    removeScratch(scratch)
  }
  return findings
}

async function find(
  statement: Statement,
  scratch: string,
  ofRun: string,
  run: StatementRun,
): Promise<Finding> {
  const { effort, results, signal } = run
  const over = new AbortController()
  const troupe = new Troupe(ofRun)
  const { measure: _, ...about } = statement
  try {
    const measured = statement.measure({ scratch, effort, results, start: troupe.start })
    const evidence = await Promise.race([measured, troupe.broken, interrupted(signal, over.signal)])
    return { ...about, ...evidence, ...(evidence.shown ? {} : { because: 'contradicted' as const }) }
  } catch (error) {
    signal.throwIfAborted()
    const missing = error instanceof CannotShow || isIpcError(error, 'IPC_NOT_SUPPORTED')
    const figure = error instanceof Error ? error.message : String(error)
    const how = missing ? 'This machine lacks what the measurement takes.' : 'The measurement failed.'
    const because = missing ? 'missing' : 'failed'
    return { ...about, shown: false, because, figure, how, measurements: [] }
  } finally {
    over.abort()
    await troupe.dismiss()
  }
}

/** Rejects when the run is to end, or a measurement takes too long. */
async function interrupted(signal: AbortSignal, over: AbortSignal): Promise<never> {
  await sleep(WATCHDOG_MS, undefined, { signal: AbortSignal.any([signal, over]) }).catch(() => {})
  signal.throwIfAborted()
  throw new Error(`no result within ${WATCHDOG_MS / 1000} s`)
}

/** The actors of a measurement. */
class Troupe {
  /** Rejects when one of them ends that should not: the others might wait for it for ever. */
  readonly broken: Promise<never>
  readonly #scratch: string
  readonly #kills: (() => Promise<void>)[] = []
  #break!: (error: Error) => void
  #dismissed = false

  constructor(scratch: string) {
    this.#scratch = scratch
    this.broken = new Promise((_, reject) => {
      this.#break = reject
    })
    this.broken.catch(() => {})
  }

  /** Processes end as they were told: by `kill`, or by themselves and without a complaint. */
  readonly start: StartActor = async (id, command) => {
    if (this.#dismissed) throw new Error('the measurement is over')
    let expected = false
    const onSpawn = (started: () => Promise<void>): void => void this.#kills.push(started)
    const actor = await startActor(id, { command, scratch: this.#scratch, onSpawn })
    void actor.ended.then((how) => {
      if (expected || this.#dismissed || how === 'exit code 0') return
      this.#break(new Error(`the process of ${id} ended (${how})`))
    })
    const kill = (): Promise<void> => {
      expected = true
      return actor.kill()
    }
    return { ...actor, kill } as never
  }

  /** End them all; resolves when they are gone. */
  async dismiss(): Promise<void> {
    this.#dismissed = true
    await Promise.all(this.#kills.map((kill) => kill()))
  }
}
