import { setTimeout as sleep } from 'node:timers/promises'
import {
  type AddCommand,
  type Context,
  command,
  directoryOption,
  integer,
  jsonOption,
  limitOption,
  type PlaceOptions,
} from '../command.js'
import { Sampler } from '../gather/sampler.js'
import { renderFlows } from '../render/flows.js'
import { paint } from '../render/paint.js'
import { cut } from '../render/table.js'

interface TopOptions extends PlaceOptions {
  readonly interval: number
  readonly count: number
}

/** The second screen of a terminal, so that what was there is there again afterwards; no cursor. */
const ENTER = '\u001b[?1049h\u001b[?25l'
const LEAVE = '\u001b[?25h\u001b[?1049l'
/** To the start of the screen; the rest of a line, and of the screen, is cleared as it is written. */
const HOME = '\u001b[H'
const CLEAR_LINE = '\u001b[K'
const CLEAR_BELOW = '\u001b[J'

/** `ipc top` */
export const addTop: AddCommand = (program, context) => {
  program.addCommand(
    command(
      'top',
      'Show how fast rings, values and connections move, how far behind their readers are, and who waits: again and again, ' +
        'until Ctrl-C. Rates are those since the last look.',
      ['ipc top', 'ipc top prices --interval 200', 'ipc top --json --count 2 | tail -1'],
    )
      .argument('[names...]', 'regions and listeners to show', [])
      .option('--interval <ms>', 'how often to look', integer('--interval', 20), 1000)
      .addOption(limitOption('--count', 'end after so many looks'))
      .addOption(directoryOption())
      .addOption(jsonOption('one line of JSON for each look: at, flows'))
      .action((names: readonly string[], options: TopOptions) => run(context, names, options)),
  )
}

async function run(
  { output, terminal }: Context,
  names: readonly string[],
  options: TopOptions,
): Promise<void> {
  const sampler = new Sampler(options.dir, names)
  const isScreen = output.isTerminal && !options.json
  if (isScreen) await output.write(ENTER)
  try {
    for (let looks = 0; looks < options.count; looks++) {
      if (looks > 0) await sleep(options.interval, undefined, { signal: terminal.signal })
      const flows = sampler.sample()
      if (options.json) await output.jsonLine({ at: new Date(), flows })
      else await show(renderFlows(flows, paint(output.colors), output.columns))
    }
  } finally {
    if (isScreen) terminal.stdout.write(LEAVE)
    sampler.close()
  }

  async function show(table: string): Promise<void> {
    if (!isScreen) return output.write(`${table}\n\n`)
    const title = cut(`${new Date().toLocaleTimeString('sv')}  ${options.dir}  Ctrl-C ends`, output.columns)
    const lines = `${title}\n\n${table}`.split('\n').slice(0, output.rows - 1)
    await output.write(`${HOME}${lines.map((line) => `${line}${CLEAR_LINE}\n`).join('')}${CLEAR_BELOW}`)
  }
}
