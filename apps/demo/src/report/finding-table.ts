import Table from 'cli-table3'
import type { Finding } from '../statements/statement.js'
import { PLAIN, ruled } from './plain-table.js'

/** Columns of the table: at most 120 in all, with the space between them. */
const WIDTHS = [2, 40, 9, 63]

/** The statements as a person reads them on a terminal; nothing when none was measured. */
export function renderFindings(findings: readonly Finding[]): string {
  if (findings.length === 0) return ''
  const table = new Table({
    ...PLAIN,
    head: ['', 'statement', '', 'shown by'],
    colWidths: WIDTHS,
    wordWrap: true,
  })
  for (const { number, title, shown, figure } of findings) {
    table.push([String(number), title, shown ? 'shown' : 'NOT SHOWN', figure])
  }
  return `\n${ruled(table, 1)}\n`
}
