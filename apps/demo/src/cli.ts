#!/usr/bin/env node
import { constants } from 'node:os'
import { InputError } from './input-error.js'
import { parseOptions } from './options.js'
import { createProgress } from './progress.js'
import { reportDocument } from './report/json.js'
import { renderReport } from './report/table.js'
import { thisMachine } from './results.js'
import { problemsOf, runDemo } from './run-demo.js'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const interruption = new AbortController()
for (const signal of SIGNALS) process.on(signal, () => interruption.abort(signal))

// The reader of a pipe may have seen enough.
process.stdout.on('error', () => process.exit())

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (interruption.signal.aborted) {
    process.exitCode = 128 + constants.signals[interruption.signal.reason as (typeof SIGNALS)[number]]
  } else if (error instanceof InputError) {
    complain(error.message)
    process.exitCode = 2
  } else {
    throw error
  }
}

async function main(args: readonly string[]): Promise<number> {
  const options = parseOptions(args)
  if (typeof options === 'string') {
    process.stdout.write(options)
    return 0
  }
  if (options.web !== undefined) {
    const { runLab } = await import('./web/server/run-lab.js')
    await runLab(options.web, interruption.signal)
    return 0
  }
  const machine = thisMachine()
  const progress = createProgress(options.transports, process.stderr)
  const results = await runDemo(options, progress, interruption.signal).finally(() => progress.stop())
  process.stdout.write(
    options.json
      ? `${JSON.stringify(reportDocument(results, options.seconds, machine), undefined, 2)}\n`
      : `\n${renderReport(results, options.seconds, machine)}`,
  )
  const problems = problemsOf(results)
  for (const problem of problems) complain(problem)
  return problems.length === 0 ? 0 : 1
}

function complain(message: string): void {
  process.stderr.write(`demo: ${message}\n`)
}
