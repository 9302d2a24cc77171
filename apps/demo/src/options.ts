import { Command, CommanderError, type OptionValues } from 'commander'
import { InputError } from './input-error.js'
import { flightsPath } from './input-file.js'
import { STATEMENT_IDS, type StatementId } from './statements/index.js'
import { type DemoTransport, TRANSPORTS } from './transports/index.js'
import type { LabOptions } from './web/lab-options.js'

/** Default of `--seconds`: eight transports then take less than a minute. */
const DEFAULT_SECONDS = 2
const MAX_SECONDS = 600
/** Default of `--port`. */
const DEFAULT_PORT = 4173
const DEFAULT_REPORT = 'report.html'
/** How much work the measurements of the statements do with `--quick`. */
const QUICK_EFFORT = 0.1

/** What the command line asks for. */
export interface DemoOptions {
  readonly input: string
  readonly transports: readonly DemoTransport[]
  readonly seconds: number
  readonly json: boolean
  /** Serve the lab, and run nothing else. */
  readonly web: LabOptions | undefined
  /** Statements about both models that are to be measured. */
  readonly statements: readonly StatementId[]
  /** How much work that is: 1, or a part of it. */
  readonly effort: number
  /** Where the report goes; `undefined` when none is wanted. */
  readonly report: string | undefined
}

/**
 * Read the command line.
 *
 * @param args - Without the names of the program.
 * @returns the options, or a text to print instead of running.
 * @throws InputError for anything that cannot be meant.
 */
export function parseOptions(args: readonly string[]): DemoOptions | string {
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
    if (error.exitCode === 0) return output
    throw new InputError(error.message.replace(/^error: /, '').replaceAll('\n', ' '))
  }
  const values = program.opts<OptionValues>()
  if (values.list === true) return transportList()
  const statements = parseStatements(values)
  return {
    input: values.input ?? flightsPath(),
    transports: parseTransports(values.transports),
    seconds: parseSeconds(values.seconds),
    json: values.json === true,
    web: parseLab(values),
    statements,
    effort: values.quick === true ? QUICK_EFFORT : 1,
    report: values.report ?? (statements.length > 0 ? DEFAULT_REPORT : undefined),
  }
}

function command(): Command {
  return new Command('demo')
    .description(
      'Move real records from process P1 to process P2 over every transport, prove that none was lost, repeated or\n' +
        "reordered, and compare the transports with each other and with Node's own channels. Then measure what is said of\n" +
        'shared memory and message passing, and write a report.',
    )
    .option('--input <file>', 'what to send (default: 200 000 flights of vega-datasets)')
    .option('--transports <list>', 'comma-separated, as --list names them (default: all)')
    .option('--seconds <n>', `length of each one-way phase, 0.01 to ${MAX_SECONDS}`, String(DEFAULT_SECONDS))
    .option(
      '--statements <list>',
      `comma-separated numbers of statements to measure, or none (default: 1 to ${STATEMENT_IDS.length}; none with --transports)`,
    )
    .option(
      '--report <file>',
      `where to write the report (default: ${DEFAULT_REPORT}, if statements are measured)`,
    )
    .option('--quick', 'measure the statements with a tenth of the work')
    .option('--list', 'print the names of the transports')
    .option('--json', 'print the results as one JSON document on standard output')
    .option('--web', 'serve the lab instead: a page that shows both models at work')
    .option('--port <n>', `where it listens on the loopback interface (default: ${DEFAULT_PORT}; 0: any)`)
    .option('--open', 'open it in a browser')
    .allowExcessArguments(false)
    .addHelpText(
      'after',
      `
Inputs: *.csv with a header line; *.ndjson and *.jsonl; *.json holding an array of objects. Records are aggregated by
carrier, else origin, else hour of time, else the first text column. Any other file is bytes: small messages are then
its chunks of 256 bytes.

Results go to standard output, progress and errors to standard error.
Exit codes: 0 all intact, 1 a transport failed, 2 wrong options or input, 3 a statement could not be measured or is
contradicted (other than by figures of speed, and not where this machine lacks the means), 130 interrupted.`,
    )
}

function parseTransports(list: unknown): readonly DemoTransport[] {
  if (list === undefined) return TRANSPORTS
  const ids = String(list)
    .split(',')
    .map((id) => id.trim())
  for (const id of ids) {
    if (!TRANSPORTS.some((transport) => transport.id === id)) {
      const known = TRANSPORTS.map((transport) => transport.id).join(', ')
      throw new InputError(`no transport ${JSON.stringify(id)}, known are ${known}`)
    }
  }
  return TRANSPORTS.filter((transport) => ids.includes(transport.id))
}

/** All of them need all transports: who asks for some has to ask for statements too. */
function parseStatements({ statements: list, transports }: OptionValues): readonly StatementId[] {
  if (list === undefined) return transports === undefined ? STATEMENT_IDS : []
  if (list === 'none') return []
  const last = STATEMENT_IDS.length
  const numbers = String(list).split(',').map(Number)
  if (numbers.every((number) => Number.isInteger(number) && number >= 1 && number <= last)) {
    return STATEMENT_IDS.filter((_, index) => numbers.includes(index + 1))
  }
  throw new InputError(`--statements must be numbers from 1 to ${last}, or none, got ${JSON.stringify(list)}`)
}

function parseSeconds(text: unknown): number {
  const seconds = /^\d*\.?\d+$/.test(String(text)) ? Number(text) : Number.NaN
  if (seconds >= 0.01 && seconds <= MAX_SECONDS) return seconds
  throw new InputError(`--seconds must be a number from 0.01 to ${MAX_SECONDS}, got ${JSON.stringify(text)}`)
}

function parseLab({ web, port, open }: OptionValues): LabOptions | undefined {
  if (web === true) return { port: parsePort(port ?? String(DEFAULT_PORT)), open: open === true }
  const name = port !== undefined ? '--port' : open === true ? '--open' : undefined
  if (name === undefined) return undefined
  throw new InputError(`${name} is of the lab: add --web`)
}

function parsePort(text: unknown): number {
  const port = /^\d{1,5}$/.test(String(text)) ? Number(text) : Number.NaN
  if (port <= 65_535) return port
  throw new InputError(`--port must be a number from 0 to 65535, got ${JSON.stringify(text)}`)
}

function transportList(): string {
  return TRANSPORTS.map(({ id, label }) => `${id.padEnd(18)} ${label}\n`).join('')
}
