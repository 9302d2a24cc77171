import { Command, CommanderError, type OptionValues } from 'commander'
import { InputError } from './input-error.js'
import { flightsPath } from './input-file.js'
import { type DemoTransport, TRANSPORTS } from './transports/index.js'
import type { LabOptions } from './web/lab-options.js'

/** Default of `--seconds`: eight transports then take less than a minute. */
const DEFAULT_SECONDS = 2
const MAX_SECONDS = 600
/** Default of `--port`. */
const DEFAULT_PORT = 4173

/** What the command line asks for. */
export interface DemoOptions {
  readonly input: string
  readonly transports: readonly DemoTransport[]
  readonly seconds: number
  readonly json: boolean
  /** Serve the lab, and run nothing else. */
  readonly web: LabOptions | undefined
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
  return {
    input: values.input ?? flightsPath(),
    transports: parseTransports(values.transports),
    seconds: parseSeconds(values.seconds),
    json: values.json === true,
    web: parseLab(values),
  }
}

function command(): Command {
  return new Command('demo')
    .description(
      'Move real records from process P1 to process P2 over every transport, prove that none was lost, repeated or\n' +
        "reordered, and compare the transports with each other and with Node's own channels.",
    )
    .option('--input <file>', 'what to send (default: 200 000 flights of vega-datasets)')
    .option('--transports <list>', 'comma-separated, as --list names them (default: all)')
    .option('--seconds <n>', `length of each one-way phase, 0.01 to ${MAX_SECONDS}`, String(DEFAULT_SECONDS))
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
Exit codes: 0 all intact, 1 a transport failed, 2 wrong options or input, 130 interrupted.`,
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
