import { stripVTControlCharacters } from 'node:util'
import Table from 'cli-table3'

/** No lines, only space between the columns. */
const PLAIN: Table.TableConstructorOptions = {
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

/** A column: its head, and whether it holds numbers. */
export type Column = string | { readonly head: string; readonly align: 'right' }

/** Numbers end where those above and below them end. */
export function numeric(head: string): Column {
  return { head, align: 'right' }
}

/** Rows under their heads, with no more than `columns` characters in a line. */
export function tableOf(
  head: readonly Column[],
  rows: readonly (readonly (string | number)[])[],
  columns: number,
): string {
  const table = new Table({
    ...PLAIN,
    head: head.map((column) => (typeof column === 'string' ? column : column.head)),
    colAligns: head.map((column) => (typeof column === 'string' ? 'left' : column.align)),
  })
  for (const row of rows) table.push([...row])
  return table
    .toString()
    .split('\n')
    .map((line) => cut(line.trimEnd(), columns))
    .join('\n')
}

/** As much of a line as fits. */
export function cut(line: string, columns: number): string {
  const plain = stripVTControlCharacters(line)
  return plain.length <= columns ? line : `${plain.slice(0, columns - 1)}…`
}
