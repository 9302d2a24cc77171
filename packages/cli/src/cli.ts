#!/usr/bin/env node
import { constants } from 'node:os'
import { quietWarnings } from './quiet-warnings.js'
import { run } from './run.js'

quietWarnings()

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const interruption = new AbortController()
for (const signal of SIGNALS) {
  process.on(signal, () => {
    interruption.abort(signal)
    // Whoever reads it hears of the end.
    process.stdin.destroy()
  })
}

// The reader of a pipe may have seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

const { stdin, stdout, stderr } = process
try {
  process.exitCode = await run(process.argv.slice(2), { stdin, stdout, stderr, signal: interruption.signal })
} catch (error) {
  if (!interruption.signal.aborted) throw error
  process.exitCode = 128 + constants.signals[interruption.signal.reason as (typeof SIGNALS)[number]]
}
// What is not read any more must not keep the process.
stdin.destroy()
