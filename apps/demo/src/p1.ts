import { loadDataset } from './dataset.js'
import { InputError } from './input-error.js'
import type { P1Job, P1Report } from './job.js'
import type { P2Handle } from './p2-handle.js'
import { failureOf } from './p2-side.js'
import { runTransport } from './run-transport.js'
import { removeScratch } from './scratch.js'

/** How long this process may take to end when its work is done. */
const PATIENCE_MS = 5000

let running: P2Handle | undefined

// Ctrl-C reaches the whole group of processes: P0 decides, and what it decides it does by ending the channel.
process.on('SIGINT', () => {})
process.on('disconnect', () => void giveUp())

const job = JSON.parse(process.argv[2]!) as P1Job
const report = await run()
// P0 may also have gone before this process could hear of it.
if (process.connected) leave(report)
else await giveUp()

async function run(): Promise<P1Report> {
  try {
    const dataset = await loadDataset(job.input)
    const started = (p2: P2Handle): void => {
      running = p2
      if (!process.connected) p2.kill()
    }
    return { type: 'done', run: await runTransport(job, dataset, { tell, started }) }
  } catch (error) {
    if (error instanceof InputError) return { type: 'input error', message: error.message }
    return { type: 'failed', failure: failureOf(error) }
  }
}

async function giveUp(): Promise<void> {
  running?.kill()
  await running?.ended
  removeScratch(job.scratch)
  process.exit(1)
}

function tell(report: P1Report, told: () => void = () => {}): void {
  // The callback takes the error of a channel that P0 has just ended; without it that would be an uncaught one.
  if (process.connected) process.send!(report, undefined, undefined, told)
}

/** End by having nothing left to do: a transport that leaves something open would show. */
function leave(last: P1Report): void {
  process.removeAllListeners('disconnect')
  tell(last, () => {
    if (process.connected) process.disconnect()
  })
  const late = (): void => {
    process.stderr.write(`P1 is kept alive by ${process.getActiveResourcesInfo().join(', ')}\n`)
    process.exit()
  }
  setTimeout(late, PATIENCE_MS).unref()
}
