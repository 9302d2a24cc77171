#!/usr/bin/env node
import { constants } from 'node:os'
import type { BenchCase, Setting } from './bench-case.js'
import { InputError } from './input-error.js'
import { describeMachine, type Machine, thisMachine } from './machine.js'
import { type BenchOptions, parseOptions } from './options.js'
import { Progress } from './progress.js'
import { type BenchDocument, caseDocument } from './report/document.js'
import { prepareReport, rewriteReadme, writeReport } from './report/files.js'
import { caseLines, machineLine, renderLines } from './report/json-lines.js'
import { caseTable, targetTable } from './report/tables.js'
import { provide } from './requirements.js'
import { type CaseResult, runCase } from './run-case.js'
import { makeScratch, removeScratch } from './scratch.js'
import { describeCommit, versionsOf } from './versions.js'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const interruption = new AbortController()
for (const signal of SIGNALS) process.on(signal, () => interruption.abort(signal))

// The reader of a pipe may have seen enough.
process.stdout.on('error', () => interruption.abort('SIGHUP'))

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
  if ('text' in options) {
    process.stdout.write(options.text)
    return 0
  }
  if ('readme' in options) {
    process.stdout.write(`${rewriteReadme()}\n`)
    return 0
  }
  prepareReport(options.out)
  const report = await runAll(options, thisMachine())
  const targets = targetTable(report.cases)
  if (!options.json && targets !== undefined) process.stdout.write(`\n${targets}\n`)
  for (const problem of report.problems) complain(problem)
  const files = writeReport(options.out, report)
  if (!options.json) process.stdout.write(`\n${files.join(' and ')} written\n`)
  return report.problems.length === 0 ? 0 : 1
}

/** Run the cases, and print what came of each as soon as it is there. */
async function runAll(options: BenchOptions, machine: Machine): Promise<BenchDocument> {
  const { cases, rounds, seconds, json } = options
  const startedAt = new Date().toISOString()
  const provided = await provide(cases)
  const absent = [...provided.missing.values()]
  for (const reason of absent) complain(`${reason}: there are no rows of it`)
  const versions = await versionsOf(provided)
  const commit = await describeCommit()
  const scratch = makeScratch()
  const setting: Setting = { ...provided, seconds, scratch, signal: interruption.signal }
  const progress = new Progress(process.stderr, rounds * measurements(cases))
  process.stdout.write(json ? renderLines([machineLine(machine)]) : `${heading(machine, rounds, seconds)}\n`)
  const results: CaseResult[] = []
  try {
    for (const benchCase of cases) {
      const result = await runCase(benchCase, rounds, setting, (...turn) => progress.turn(benchCase, ...turn))
      progress.stop()
      process.stdout.write(json ? renderLines(caseLines(result)) : `\n${caseTable(caseDocument(result))}\n`)
      results.push(result)
    }
  } finally {
    progress.stop()
    provided.programs?.remove()
    removeScratch(scratch)
  }
  return {
    machine,
    startedAt,
    ...(commit === undefined ? {} : { commit }),
    versions,
    rounds,
    seconds,
    cases: results.map(caseDocument),
    absent,
    problems: results.flatMap(({ problems }) => problems),
  }
}

function measurements(cases: readonly BenchCase[]): number {
  return cases.reduce((sum, { systems }) => sum + systems.length, 0)
}

function heading(machine: Machine, rounds: number, seconds: number): string {
  return (
    `${describeMachine(machine)}, load ${machine.load.toFixed(1)} before the run\n` +
    `medians of ${rounds} rounds of ${seconds} s, in which all systems take turns`
  )
}

function complain(message: string): void {
  process.stderr.write(`bench: ${message}\n`)
}
