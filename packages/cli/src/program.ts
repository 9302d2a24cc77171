import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import type { AddCommand, Context } from './command.js'
import { addBench } from './commands/bench.js'
import { addCompletion } from './commands/completion.js'
import { addDoctor } from './commands/doctor.js'
import { addGc } from './commands/gc.js'
import { addLs } from './commands/ls.js'
import { addQueue } from './commands/queue.js'
import { addReceive } from './commands/receive.js'
import { addSend } from './commands/send.js'
import { addStat } from './commands/stat.js'
import { addTail } from './commands/tail.js'
import { addTop } from './commands/top.js'
import { manualOf, section } from './render/manual.js'

const COMMANDS: readonly AddCommand[] = [
  addLs,
  addStat,
  addTop,
  addTail,
  addSend,
  addReceive,
  addQueue,
  addBench,
  addDoctor,
  addGc,
  addCompletion,
]

const EXIT_STATUS = [
  '0  done                           5  there was none in time',
  '1  failed; doctor: found a fault  6  the peer died, or the link broke',
  '2  wrong options or input         7  somebody else has the address',
  '3  no such region, queue, peer    8  full: a queue, a disk, memory',
  '4  permission denied              9  not supported here',
  '128 + n  ended by signal n (130: Ctrl-C)',
]

/** The whole command line. */
export function createProgram(context: Context): Command {
  const { stdout } = context.terminal
  const program = new Command('ipc')
    .description(
      'Look at shared memory, connections and queues while they run; send, receive, clean up. Looking never disturbs: ' +
        'memory is mapped read-only, and no application sees another peer. Results go to standard output, everything else to ' +
        'standard error.',
    )
    .version(version(), '-V, --version', 'print the version')
  for (const add of COMMANDS) add(program, context)
  for (const command of withChildren(program)) {
    command
      .exitOverride()
      .configureHelp({ formatHelp: manualOf })
      .configureOutput({
        writeOut: (text) => stdout.write(text),
        // What is wrong is thrown, and said once.
        writeErr: () => {},
      })
      .helpOption('-h, --help', 'print this')
      .showSuggestionAfterError(true)
      .addHelpText('after', `\n${section('EXIT STATUS', EXIT_STATUS)}`)
  }
  return program
}

function withChildren(command: Command): Command[] {
  return [command, ...command.commands.flatMap((child) => withChildren(child))]
}

function version(): string {
  return JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version
}
