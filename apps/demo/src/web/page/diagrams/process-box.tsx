import type { JSX } from 'preact'
import type { ProcessState } from '../../protocol.js'

interface ProcessBoxProps {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly state: Pick<ProcessState, 'name' | 'status' | 'pid'>
  readonly tone: 'one' | 'two'
  /** What it is about to do. */
  readonly doing: string
}

export const BOX_HEIGHT = 46

/** A process in a diagram. A dead one is crossed out. */
export function ProcessBox({ x, y, width, state, tone, doing }: ProcessBoxProps): JSX.Element {
  const dead = state.status === 'ended'
  return (
    <g class={`process ${tone}${dead ? ' dead' : ''}`}>
      <rect x={x} y={y} width={width} height={BOX_HEIGHT} rx={6} />
      {dead && (
        <path
          class="cross"
          d={`M${x} ${y}l${width} ${BOX_HEIGHT}m0 ${-BOX_HEIGHT}l${-width} ${BOX_HEIGHT}`}
        />
      )}
      <text x={x + width / 2} y={y + 19} class="name">
        {state.name}
        {state.pid === undefined ? '' : ` · ${state.pid}`}
      </text>
      <text x={x + width / 2} y={y + 36} class="small">
        {dead ? 'ended' : doing}
      </text>
    </g>
  )
}
