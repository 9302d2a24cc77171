import { markdownTable } from 'markdown-table'
import { describeMachine } from '../machine.js'
import type { BenchDocument } from './document.js'
import { caseRows, comparisonRows, type Rows } from './rows.js'

/** Where the table of figures in a README begins and ends; what is between is generated. */
const BEGIN = '<!-- figures: written by `pnpm bench --readme` -->'
const END = '<!-- end of figures -->'

/** The whole run: what it was measured on and with, what was to be reached, and a table for each case. */
export function renderMarkdown(document: BenchDocument): string {
  const { versions, cases, absent, problems } = document
  const parts = ['# Bench report', provenance(document)]
  const used = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  if (used.length > 0) parts.push(`Measured with ${used.join(', ')}.`)
  const compared = comparisonRows(document)
  if (compared.rows.length > 0) parts.push('## What was to be reached', draw(compared))
  for (const measured of cases) {
    parts.push(`## ${measured.name}`, sentence(measured.about), draw(caseRows(measured)))
  }
  if (absent.length > 0) parts.push('## Not there', list(absent))
  if (problems.length > 0) parts.push('## Failed', list(problems))
  return `${parts.join('\n\n')}\n`
}

/**
 * A README with the figures of this run between its markers.
 *
 * @throws Error when it has no such markers.
 */
export function withFigures(readme: string, document: BenchDocument): string {
  const start = readme.indexOf(BEGIN)
  const end = readme.indexOf(END)
  if (start < 0 || end < start) throw new Error(`the README has no lines ${BEGIN} and ${END}, in this order`)
  const figures = `${provenance(document)}\n\n${draw(comparisonRows(document))}`
  return `${readme.slice(0, start)}${BEGIN}\n\n${figures}\n\n${readme.slice(end)}`
}

function provenance({ machine, startedAt, commit, rounds, seconds }: BenchDocument): string {
  const tree = commit === undefined ? '' : `, tree ${commit}`
  return (
    `${describeMachine(machine)}, load ${machine.load.toFixed(1)} before the run; ${startedAt.slice(0, 10)}${tree}.\n` +
    `Medians of ${rounds} rounds of ${seconds} s, in which all systems take turns; in brackets the lowest and highest round.`
  )
}

function draw({ head, align, rows }: Rows): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')))
  return markdownTable(cells, { align: [...align], alignDelimiters: false })
}

function list(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join('\n')
}

function sentence(text: string): string {
  return `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}.`
}
