import type Table from 'cli-table3'

/** No lines, only space between the columns. */
export const PLAIN = {
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

/** The table with a line below its head; the library draws one below every row, or none. */
export function ruled(table: Table.Table, headLines: number): string {
  const lines = table.toString().split('\n')
  const width = Math.max(...lines.map((line) => line.length))
  return lines.toSpliced(headLines, 0, '─'.repeat(width)).join('\n')
}
