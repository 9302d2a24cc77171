import { type AddCommand, command, directoryOption, jsonOption, type PlaceOptions } from '../command.js'
import { EXIT_CODES } from '../exit-codes.js'
import { checkContainer } from '../gather/check-container.js'
import { checkDirectory, checkRemoval, checkSharedMemory, checkStale } from '../gather/check-memory.js'
import { checkLimits, checkNode } from '../gather/check-runtime.js'
import type { Check, Finding } from '../gather/findings.js'
import { wrapped } from '../render/manual.js'
import { type Paint, paint } from '../render/paint.js'

/** What stands before a finding, and between its columns. */
const MARGIN = 8

const CHECKS: readonly Check[] = [
  checkNode,
  checkSharedMemory,
  checkDirectory,
  checkStale,
  checkLimits,
  checkContainer,
  checkRemoval,
]

/** `ipc doctor` */
export const addDoctor: AddCommand = (program, context) => {
  const { output } = context
  program.addCommand(
    command(
      'doctor',
      'Find out what works here, what does not, and what to do: shared memory and its size, SQLite, limits, containers, what ' +
        'the dead have left. Fails when something does not work.',
      ['ipc doctor', 'ipc doctor --json | jq ".findings[] | select(.status != \\"ok\\")"'],
    )
      .addOption(directoryOption())
      .addOption(jsonOption('one JSON document: findings'))
      .action(async ({ dir, json }: PlaceOptions) => {
        const findings: Finding[] = []
        for (const check of CHECKS) findings.push(...(await check({ directory: dir })))
        if (findings.some(({ status }) => status === 'fail')) context.exitCode = EXIT_CODES.failed
        if (json) output.document({ findings })
        else output.text(renderFindings(findings, paint(output.colors), output.columns))
      }),
  )
}

function renderFindings(
  findings: readonly Finding[],
  { good, bad, weak, strong }: Paint,
  columns: number,
): string {
  const marks = { ok: good('ok  '), info: weak('info'), warn: strong('warn'), fail: bad('FAIL') }
  const width = Math.max(...findings.map(({ check }) => check.length))
  return findings
    .map(({ check, status, found, todo }) => {
      const line = `${marks[status]}  ${check.padEnd(width)}  ${found}`
      if (todo === undefined) return line
      const indent = ' '.repeat(width + MARGIN)
      const lines = wrapped(todo, columns - indent.length - 2)
      return [line, ...lines.map((part, at) => `${indent}${at === 0 ? '→ ' : '  '}${part}`)].join('\n')
    })
    .join('\n')
}
