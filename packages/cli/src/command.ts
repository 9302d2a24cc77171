import { defaultDirectory } from '@ipc/shm/inspect'
import { Command, Option } from 'commander'
import { UsageError } from './exit-codes.js'
import { section } from './render/manual.js'
import type { Output, Terminal } from './terminal.js'

/** What a command gets beside its arguments. */
export interface Context {
  readonly terminal: Terminal
  readonly output: Output
  /** For a command that has ended well, and has found that not all is well. */
  exitCode: number
}

/** Adds a command to the program. */
export type AddCommand = (program: Command, context: Context) => void

/** Options that every command has which looks at shared memory. */
export interface PlaceOptions {
  readonly dir: string
  readonly json?: boolean
}

/** A command, with what all of them have. Examples are lines of a shell. */
export function command(usage: string, description: string, examples: readonly string[]): Command {
  return new Command(usage)
    .description(description)
    .allowExcessArguments(false)
    .addHelpText('after', `\n${section('EXAMPLES', examples)}`)
}

export function jsonOption(what: string): Option {
  return new Option('--json', `print ${what}`)
}

export function directoryOption(): Option {
  return new Option('--dir <directory>', 'where the names live').default(defaultDirectory())
}

/** Reads a whole number from the command line. */
export function integer(name: string, least: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
    if (Number.isSafeInteger(value) && value >= least) return value
    throw new UsageError(`${name} must be a whole number from ${least} on, got ${JSON.stringify(text)}`)
  }
}

/** `--count` or `--timeout`, which limit nothing unless they are given. */
export function limitOption(flag: '--count' | '--timeout', description: string): Option {
  const [unit, least] = flag === '--count' ? (['n', 1] as const) : (['ms', 0] as const)
  return new Option(`${flag} <${unit}>`, description)
    .argParser(integer(flag, least))
    .default(Number.POSITIVE_INFINITY, 'no limit')
}
