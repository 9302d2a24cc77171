import { CommanderError } from 'commander'
import type { Context } from './command.js'
import { EXIT_CODES, exitCodeOf } from './exit-codes.js'
import { createProgram } from './program.js'
import { Output, type Terminal } from './terminal.js'

/**
 * Run a command line: what the program `ipc` does.
 *
 * @param args - Without the names of the program.
 * @returns the exit code, one of {@link EXIT_CODES}. What went wrong is said on `stderr`.
 * @throws the reason of `terminal.signal` when that ended the command.
 *
 * @example
 * ```ts
 * import { run } from '@ipc/cli'
 *
 * const { stdin, stdout, stderr } = process
 * process.exitCode = await run(['ls', '--json'], { stdin, stdout, stderr, signal: new AbortController().signal })
 * ```
 */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const output = new Output(terminal)
  const context: Context = { terminal, output, exitCode: EXIT_CODES.ok }
  try {
    await createProgram(context).parseAsync(args, { from: 'user' })
    return context.exitCode
  } catch (error) {
    if (error instanceof CommanderError) return ofCommander(error, output)
    if (terminal.signal.aborted) throw terminal.signal.reason
    const code = exitCodeOf(error)
    if (code === undefined) throw error
    output.note((error as Error).message)
    return code
  }
}

/** Help and version are asked for; everything else is a wrong option. */
function ofCommander(error: CommanderError, output: Output): number {
  if (error.exitCode === 0) return EXIT_CODES.ok
  // Without a command it shows the help, and calls that an error.
  const message =
    error.code === 'commander.help' ? 'say what to do: ipc --help lists the commands' : error.message
  output.note(message.replace(/^error: /, ''))
  return EXIT_CODES.usage
}
