import type { JSX } from 'preact'
import type { RaceState } from '../../protocol.js'
import { numberText } from '../controls/figures.js'

const WIDTH = 352

/** What two processes have added, and what the counter says. */
export function RaceDiagram({ race }: { readonly race: RaceState }): JSX.Element {
  const { done, counter, goal } = race
  const scale = WIDTH / (2 * goal)
  const made = done[0] + done[1]
  const lost = Math.max(0, made - counter)
  const label = `${numberText(made)} increments made, the counter says ${numberText(counter)}.`
  return (
    <svg viewBox="0 0 360 132" role="img" aria-label={label} class="diagram">
      <text x={4} y={16} class="small start">
        increments made: P1 and P2
      </text>
      <rect class="track" x={4} y={24} width={WIDTH} height={26} rx={3} />
      <rect class="fill one" x={4} y={24} width={done[0] * scale} height={26} />
      <rect class="fill two" x={4 + done[0] * scale} y={24} width={done[1] * scale} height={26} />
      <text x={4} y={78} class="small start">
        what the counter says
      </text>
      <rect class="track" x={4} y={86} width={WIDTH} height={26} rx={3} />
      <rect class="fill memory" x={4} y={86} width={Math.min(made, counter) * scale} height={26} />
      {lost > 0 && <rect class="fill lost" x={4 + counter * scale} y={86} width={lost * scale} height={26} />}
      {lost > 0 && (
        <text x={356} y={128} class="small end">
          {numberText(lost)} lost
        </text>
      )}
    </svg>
  )
}
