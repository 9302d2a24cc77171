import type { JSX } from 'preact'

const COLUMNS = 8
const CELL = { width: 44, height: 30 } as const

interface ValueDiagramProps {
  readonly words: readonly number[]
}

/** The words of a value that should all be the same: those that differ from the first stand out. */
export function ValueDiagram({ words }: ValueDiagramProps): JSX.Element {
  const height = Math.ceil(words.length / COLUMNS) * CELL.height
  const others = words.filter((word) => word !== words[0]).length
  return (
    <svg
      viewBox={`0 0 360 ${height + 8}`}
      role="img"
      aria-label={`A torn value of ${words.length} words: ${others} are of another write than the first.`}
      class="diagram"
    >
      {words.map((word, i) => (
        <g
          key={i}
          class={word === words[0] ? 'word' : 'word other'}
          transform={`translate(${4 + (i % COLUMNS) * CELL.width} ${4 + Math.floor(i / COLUMNS) * CELL.height})`}
        >
          <rect width={CELL.width - 3} height={CELL.height - 4} rx={3} />
          <text x={(CELL.width - 3) / 2} y={18} class="number">
            {word % 1_000_000}
          </text>
        </g>
      ))}
    </svg>
  )
}
