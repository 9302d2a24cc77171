import type { JSX } from 'preact'

interface BinProps {
  readonly x: number
  readonly y: number
  readonly count: number
  readonly label: string
  readonly tone: 'one' | 'two' | 'between'
}

const COLUMNS = 8
const ROWS = 7
const CELL = 12
const BIN_WIDTH = COLUMNS * CELL + 8
const HEIGHT = ROWS * CELL + 8
/** Of more than this the rest is a number. */
const SHOWN = COLUMNS * ROWS

/** Messages that are in one place, each a square; the bin fills from below. */
export function Bin({ x, y, count, label, tone }: BinProps): JSX.Element {
  const shown = Math.min(count, SHOWN)
  return (
    <g transform={`translate(${x} ${y})`} class={`bin ${tone}`}>
      <rect class="walls" width={BIN_WIDTH} height={HEIGHT} rx={4} />
      {Array.from({ length: shown }, (_, i) => (
        <rect
          key={i}
          class="message"
          x={5 + (i % COLUMNS) * CELL}
          y={HEIGHT - 5 - (Math.floor(i / COLUMNS) + 1) * CELL + 1}
          width={CELL - 2}
          height={CELL - 2}
          rx={2}
        />
      ))}
      <text x={BIN_WIDTH / 2} y={HEIGHT + 16} class="name">
        {count}
      </text>
      <text x={BIN_WIDTH / 2} y={HEIGHT + 31} class="small">
        {label}
      </text>
    </g>
  )
}
