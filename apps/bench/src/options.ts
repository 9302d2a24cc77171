import { Command, CommanderError, type OptionValues } from 'commander'
import { againstBaseline } from './baseline.js'
import type { BenchCase } from './bench-case.js'
import { CASES } from './cases.js'
import { InputError } from './input-error.js'

const DEFAULT_ROUNDS = 5
const MAX_ROUNDS = 1000
const DEFAULT_SECONDS = 1
const MAX_SECONDS = 600

/** What the command line asks for. */
export interface BenchOptions {
  readonly cases: readonly BenchCase[]
  readonly rounds: number
  readonly seconds: number
  readonly json: boolean
  /** Directory for `report.md` and `report.json`. */
  readonly out: string
}

/** Something else than to measure: a text to print, or the README to write anew. */
export type OtherWish = { readonly text: string } | { readonly readme: true }

/**
 * Read the command line.
 *
 * @param args - Without the names of the program.
 * @returns the options, or what to do instead of measuring.
 * @throws InputError for anything that cannot be meant.
 */
export function parseOptions(args: readonly string[]): BenchOptions | OtherWish {
  let output = ''
  const program = command()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        output += text
      },
      writeErr: () => {},
    })
  try {
    program.parse(args, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return { text: output }
    throw new InputError(error.message.replace(/^error: /, '').replaceAll('\n', ' '))
  }
  const values = program.opts<OptionValues>()
  if (values.readme === true) return { readme: true }
  const found = findCases(values.filter)
  const cases = values.targets === true ? withTargets(found) : found
  if (values.list === true) return { text: caseList(cases) }
  return {
    cases: values.baseline === undefined ? cases : againstBaseline(cases, String(values.baseline)),
    rounds: parseRounds(values.rounds),
    seconds: parseSeconds(values.seconds),
    json: values.json === true,
    out: String(values.out),
  }
}

function command(): Command {
  return new Command('bench')
    .description(
      'Measure our packages, their peers and C programs side by side: in each round every system has its turn, and the\n' +
        'medians over the rounds are compared.',
    )
    .option('--filter <text>', 'only the cases with this in their names, as --list prints them')
    .option(
      '--targets',
      'only what DESIGN.md sets out to reach: cases with a ratio, and the systems it is between',
    )
    .option('--rounds <n>', `turns of each system, 1 to ${MAX_ROUNDS}`, String(DEFAULT_ROUNDS))
    .option('--seconds <n>', `length of a measurement, 0.01 to ${MAX_SECONDS}`, String(DEFAULT_SECONDS))
    .option(
      '--baseline <checkout>',
      'compare our packages with what they are in another checkout, built there',
    )
    .option('--out <directory>', 'where to write report.md and report.json', 'bench')
    .option('--readme', 'measure nothing: write the table of apps/bench/README.md from apps/bench/results')
    .option('--list', 'print the cases, with --filter and --targets those')
    .option('--json', 'print the medians as lines of JSON on standard output')
    .allowExcessArguments(false)
    .addHelpText(
      'after',
      `
Results go to standard output and into the files of --out, progress and errors to standard error.
Exit codes: 0 all measured, 1 a measurement failed, 2 wrong options, 130 interrupted.`,
    )
}

function caseList(cases: readonly BenchCase[]): string {
  return cases.map(({ name, about }) => `${name.padEnd(34)} ${about}\n`).join('')
}

function findCases(filter: unknown): readonly BenchCase[] {
  if (filter === undefined) return CASES
  const found = CASES.filter(({ name }) => name.includes(String(filter)))
  if (found.length > 0) return found
  const known = CASES.map(({ name }) => name).join(', ')
  throw new InputError(`no case has ${JSON.stringify(filter)} in its name; the cases are ${known}`)
}

/** @throws InputError when there is none. */
function withTargets(cases: readonly BenchCase[]): readonly BenchCase[] {
  const found = cases.flatMap((benchCase) => {
    const { systems, reference, targets } = benchCase
    if (targets.length === 0) return []
    const named = new Set([reference, ...targets.flatMap(({ system, than }) => [system, than])])
    return [{ ...benchCase, systems: systems.filter(({ name }) => named.has(name)) }]
  })
  if (found.length > 0) return found
  throw new InputError('there is no ratio to reach in any of these cases')
}

function parseRounds(text: unknown): number {
  const rounds = /^\d+$/.test(String(text)) ? Number(text) : Number.NaN
  if (rounds >= 1 && rounds <= MAX_ROUNDS) return rounds
  throw new InputError(`--rounds must be a whole number from 1 to ${MAX_ROUNDS}, got ${JSON.stringify(text)}`)
}

function parseSeconds(text: unknown): number {
  const seconds = /^\d*\.?\d+$/.test(String(text)) ? Number(text) : Number.NaN
  if (seconds >= 0.01 && seconds <= MAX_SECONDS) return seconds
  throw new InputError(`--seconds must be a number from 0.01 to ${MAX_SECONDS}, got ${JSON.stringify(text)}`)
}
