#!/usr/bin/env node
import { constants } from 'node:os'
import { InputError } from './input-error.js'
import { parseOptions } from './options.js'
import { createProgress } from './progress.js'
import { checkReport, loadReport, type WriteReport } from './report/file.js'
import { renderFindings } from './report/finding-table.js'
import { reportDocument } from './report/json.js'
import { renderReport } from './report/table.js'
import { type Result, thisMachine } from './results.js'
import { problemsOf, runDemo } from './run-demo.js'
import { type Loaded, loadStatements, runStatements } from './statements/run-statements.js'
import { type Finding, isFault } from './statements/statement.js'

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
  // All that is loaded, before anything runs: Node.js 20 takes links to packages for directories once it has removed a socket.
  const statements = await loadStatements(options.statements)
  const writeReport = options.report === undefined ? undefined : await prepareReport(options.report)
  const startedAt = new Date()
  const machine = thisMachine()
  const progress = createProgress(options.transports, process.stderr)
  const results = await runDemo(options, progress, interruption.signal).finally(() => progress.stop())
  const findings = await measureStatements(statements, options.effort, results)
  const document = reportDocument({ results, seconds: options.seconds, machine, startedAt, findings })
  process.stdout.write(
    options.json
      ? `${JSON.stringify(document, undefined, 2)}\n`
      : `\n${renderReport(results, options.seconds, machine)}${renderFindings(findings)}`,
  )
  writeReport?.(document)
  if (writeReport !== undefined) process.stderr.write(`report: ${options.report}\n`)
  return exitCode(results, findings)
}

function prepareReport(path: string): Promise<WriteReport> {
  checkReport(path)
  return loadReport(path)
}

function measureStatements(
  statements: readonly Loaded[],
  effort: number,
  results: readonly Result[],
): Promise<Finding[]> {
  return runStatements({
    statements,
    effort,
    results,
    signal: interruption.signal,
    onTurn({ number, title }, finding) {
      const state = finding === undefined ? title : finding.shown ? 'shown' : `not shown (${finding.because})`
      process.stderr.write(`statement ${number}: ${state}\n`)
    },
  })
}

/** Says what went wrong. */
function exitCode(results: readonly Result[], findings: readonly Finding[]): number {
  const problems = problemsOf(results)
  for (const problem of problems) complain(problem)
  const refuted = findings.filter(({ because }) => because === 'contradicted' || because === 'failed')
  for (const { number, because, figure } of refuted) complain(`statement ${number} ${because}: ${figure}`)
  if (problems.length > 0) return 1
  return refuted.some(isFault) ? 3 : 0
}

function complain(message: string): void {
  process.stderr.write(`demo: ${message}\n`)
}
