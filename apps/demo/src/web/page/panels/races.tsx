import type { JSX } from 'preact'
import type { RaceGuard, RacesState, ValueGuard } from '../../protocol.js'
import { Notices } from '../controls/notices.js'
import { tell } from '../lab-link.js'
import { LookView } from './look-view.js'
import { RaceView } from './race-view.js'

/** Races between processes: to lose updates, to read torn values, and how not to. */
export function RacesPanel({ state }: { readonly state: RacesState }): JSX.Element {
  return (
    <>
      <p class="lead">
        Shared memory leaves the order to the application. Two processes that write the same place at once
        lose updates, and one that reads while another writes may see half of each. Try it, then with what the
        package brings.
      </p>
      <div class="pair">
        <RaceView race={state.race} who={pairOf(state, 0)} onRace={startRace} />
        <LookView look={state.look} who={pairOf(state, 2)} onLook={startLook} />
      </div>
      <Notices notices={state.notices} />
    </>
  )
}

/** Two of the processes, with their ids. */
function pairOf({ processes }: RacesState, first: number): string {
  return `two processes (pid ${processes[first]?.pid} and ${processes[first + 1]?.pid})`
}

function startRace(guard: RaceGuard): void {
  tell({ type: 'race', guard })
}

function startLook(guard: ValueGuard): void {
  tell({ type: 'look', guard })
}
