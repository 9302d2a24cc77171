import type { JSX } from 'preact'
import type { RaceGuard, RaceState } from '../../protocol.js'
import { Figures, numberText } from '../controls/figures.js'
import { RaceDiagram } from '../diagrams/race-diagram.js'

interface RaceViewProps {
  readonly race: RaceState
  /** Processes or workers. */
  readonly who: string
  readonly onRace: (guard: RaceGuard) => void
}

const GUARDS: readonly (readonly [RaceGuard, string])[] = [
  ['none', 'Race without a lock'],
  ['mutex', 'Race with a Mutex'],
  ['atomics', 'Race with Atomics'],
]

const NAMES: Readonly<Record<RaceGuard, string>> = { none: 'nothing', mutex: 'Mutex', atomics: 'Atomics' }
const HOW: Readonly<Record<RaceGuard, string>> = {
  none: 'without a lock',
  mutex: 'with a Mutex',
  atomics: 'with Atomics',
}

/** The race of two who count with one counter. */
export function RaceView({ race, who, onRace }: RaceViewProps): JSX.Element {
  const { done, counter, running, seconds, guard } = race
  const made = done[0] + done[1]
  // While they run the counter is read a little later than what each has done.
  const lost = Math.max(0, made - counter)
  return (
    <section class="card" aria-label="Lost updates" data-part="race">
      <h3>Lost updates</h3>
      <p>The same counter, {who}: each reads it, adds one, and writes it back, many times.</p>
      <div class="buttons">
        {GUARDS.map(([value, label]) => (
          <button key={value} type="button" disabled={running} onClick={() => onRace(value)}>
            {label}
          </button>
        ))}
      </div>
      <RaceDiagram race={race} />
      <Figures
        figures={[
          { id: 'race-guard', label: 'guarded by', value: NAMES[guard] },
          { id: 'made', label: 'increments made', value: made },
          { id: 'counter', label: 'the counter says', value: counter },
          { id: 'lost', label: 'lost', value: lost, tone: lost > 0 ? 'bad' : 'good' },
          {
            id: 'race-seconds',
            label: 'took',
            value: seconds === undefined ? '–' : `${seconds.toFixed(2)} s`,
          },
        ]}
      />
      <p role="status" class="result">
        {seconds === undefined
          ? ''
          : `Over: ${numberText(lost)} of ${numberText(made)} updates lost ${HOW[guard]}.`}
      </p>
    </section>
  )
}
