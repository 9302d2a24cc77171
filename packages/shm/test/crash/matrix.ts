import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { createInterface } from 'node:readline'
import { bundleProgram } from '@ipc/faults/crash'
import type { Failure, ScenarioResult } from './scenario-result.js'

/** Nothing that is promised takes this long: who says nothing for so long hangs. */
const WATCHDOG_MS = 60_000
/** Processes of survivors at once: half of their time they and their victims wait for one another. */
const AT_ONCE = 2 * availableParallelism()

/** Results of all scenarios, in their order. */
export interface Matrix {
  readonly results: readonly ScenarioResult[]
  readonly failures: readonly Failure[]
  readonly kills: number
}

type Message =
  | { readonly titles: readonly string[] }
  | { readonly result: ScenarioResult }
  | { readonly progress: string }

/** What {@link runMatrix} is to do. */
export interface MatrixOptions {
  /** Of each step. */
  readonly kills: number
  /** Titles of the scenarios that are run; by default all. */
  readonly only?: RegExp
  /** Called whenever there is one more result, with those that there are. */
  onResult?(matrix: Matrix): void
}

/** Kill a victim at each step of each scenario, again and again. */
export async function runMatrix({ kills, only = /./, onResult }: MatrixOptions): Promise<Matrix> {
  const program = await bundleProgram({
    entry: new URL('./program.ts', import.meta.url),
    packageUrl: new URL('../../', import.meta.url),
    external: ['koffi'],
  })
  try {
    const results: ScenarioResult[] = []
    let next = 0
    const take = (): number => next++
    const keep = (index: number, result: ScenarioResult): void => {
      results[index] = result
      onResult?.(matrixOf(results.flat()))
    }
    const rest = async (): Promise<void> => {
      while (await survive(program.path, { kills, only, take, keep }));
    }
    await Promise.all(Array.from({ length: AT_ONCE }, rest))
    // Those that were not to be run leave holes.
    return matrixOf(results.flat())
  } finally {
    program.remove()
  }
}

/** What is left to do, for all processes of survivors. */
interface Rest {
  readonly kills: number
  readonly only: RegExp
  /** Number of the next scenario. */
  take(): number
  /** Keep the result of that scenario. */
  keep(index: number, result: ScenarioResult): void
}

/** Run scenarios in one process until there are no more, or it hangs. Returns whether there may be more. */
async function survive(program: string, { kills, only, take, keep }: Rest): Promise<boolean> {
  const survivors = spawn(process.execPath, [program, 'survivors'], { stdio: ['pipe', 'pipe', 'inherit'] })
  const gone = once(survivors, 'exit')
  const watchdog = new Watchdog(survivors)
  let titles: readonly string[] = []
  let index = -1
  let at = 'the beginning'
  const goOn = (): void => {
    do index = take()
    while (index < titles.length && !only.test(titles[index] as string))
    at = 'the dry run'
    if (index < titles.length) survivors.stdin?.write(`${JSON.stringify({ index, kills })}\n`)
    else survivors.stdin?.end()
  }
  for await (const line of createInterface({ input: survivors.stdout as NodeJS.ReadableStream })) {
    watchdog.feed()
    const message = JSON.parse(line) as Message
    if ('progress' in message) at = message.progress
    else if ('result' in message) keep(index, message.result)
    else titles = message.titles
    if (!('progress' in message)) goOn()
  }
  watchdog.stop()
  await gone
  const title = titles[index]
  if (title === undefined) return false
  const why = watchdog.hasBitten ? `nothing happened for ${WATCHDOG_MS} ms` : 'the survivors have died'
  keep(index, failed(title, at, why))
  return true
}

/** The matrix of so many results. */
export function matrixOf(results: readonly ScenarioResult[]): Matrix {
  return {
    results,
    failures: results.flatMap((result) => result.failures),
    kills: results.reduce((total, result) => total + result.kills, 0),
  }
}

function failed(title: string, step: string, why: string): ScenarioResult {
  const [structure = '', name = ''] = title.split(': ')
  const failures = [{ scenario: title, step, when: '', kill: 0, why }]
  return { structure, name, steps: [], kills: 0, failures }
}

/** Kills the survivors when they say nothing any more: a hang may be one of a thread that is blocked. */
class Watchdog {
  readonly #bite: () => void
  #timer: ReturnType<typeof setTimeout>
  hasBitten = false

  constructor(survivors: ChildProcess) {
    this.#bite = () => {
      this.hasBitten = true
      survivors.kill('SIGKILL')
    }
    this.#timer = setTimeout(this.#bite, WATCHDOG_MS)
  }

  feed(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(this.#bite, WATCHDOG_MS)
  }

  stop(): void {
    clearTimeout(this.#timer)
  }
}

/** What a reader needs to find a failure. */
export function shown({ scenario, step, when, kill, why }: Failure): string {
  return `${scenario}\n  ${step}, ${when}, kill ${kill}: ${why}`
}
