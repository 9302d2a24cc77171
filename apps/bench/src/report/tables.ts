import Table from 'cli-table3'
import type { CaseDocument } from './document.js'
import { caseRows, type Rows, targetRows } from './rows.js'

/** No lines, only space between the columns. */
const PLAIN = {
  chars: {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
    left: '',
    'left-mid': '',
    mid: '',
    'mid-mid': '',
    right: '',
    'right-mid': '',
    middle: '  ',
  },
  style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
}

/** A table of the medians of a case, for a terminal. */
export function caseTable(measured: CaseDocument): string {
  return `${measured.name}: ${measured.about}\n${drawn(caseRows(measured))}`
}

/** A table of what was to be reached, and whether it was; `undefined` when nothing was. */
export function targetTable(cases: readonly CaseDocument[]): string | undefined {
  const table = targetRows(cases)
  return table.rows.length === 0 ? undefined : drawn(table)
}

/** With a line below its head; the library draws one below every row, or none. */
function drawn({ head, align, rows }: Rows): string {
  const table = new Table({ ...PLAIN, head: [...head], colAligns: [...align] })
  for (const row of rows) table.push([...row])
  const lines = table.toString().split('\n')
  const width = Math.max(...lines.map((line) => line.length))
  return lines.toSpliced(1, 0, '─'.repeat(width)).join('\n')
}
