import { rm } from 'node:fs/promises'
import { loadDataset } from './dataset.js'
import { InputError } from './input-error.js'
import type { P1Job, P1Report } from './job.js'
import type { P2Handle } from './p2-handle.js'
import { failureOf } from './p2-side.js'
import { runTransport } from './run-transport.js'

let running: P2Handle | undefined

// Ctrl-C reaches the whole group of processes: P0 decides, and what it decides it does by ending the channel.
process.on('SIGINT', () => {})
process.on('disconnect', () => {
  running?.kill()
  void rm(job.scratch, { recursive: true, force: true }).finally(() => process.exit(1))
})

const job = JSON.parse(process.argv[2]!) as P1Job
try {
  const dataset = await loadDataset(job.input)
  const run = await runTransport(job, dataset, {
    tell,
    started: (p2) => {
      running = p2
    },
  })
  tell({ type: 'done', run })
} catch (error) {
  if (error instanceof InputError) tell({ type: 'input error', message: error.message })
  else tell({ type: 'failed', failure: failureOf(error) })
  process.exitCode = 1
}
process.removeAllListeners('disconnect')
process.disconnect()

function tell(report: P1Report): void {
  process.send?.(report)
}
