import type { JSX } from 'preact'
import type { PaceChange } from '../../change-pace.js'
import type { Pace, ProcessName } from '../../protocol.js'
import { ChoiceSlider } from './choice-slider.js'

/** How often a process may do what it does. */
const RATES: readonly Pace['perSecond'][] = [0.5, 1, 2, 5, 10, 20, 50, 200, 1000, 5000, 'max']

interface PaceControlsProps {
  readonly process: ProcessName
  readonly pace: Pace
  readonly disabled: boolean
  /** What a single step is. */
  readonly step: string
  readonly onPace: (change: PaceChange) => void
  readonly onStep: () => void
}

/** Run, pause, step, and how fast. */
export function PaceControls(props: PaceControlsProps): JSX.Element {
  const { process, pace, disabled, step, onPace, onStep } = props
  return (
    <>
      <div class="buttons">
        <button
          type="button"
          disabled={disabled}
          onClick={() => onPace({ paused: !pace.paused })}
          aria-label={`${pace.paused ? 'Run' : 'Pause'} ${process}`}
        >
          {pace.paused ? 'Run' : 'Pause'}
        </button>
        <button
          type="button"
          disabled={disabled || !pace.paused}
          onClick={onStep}
          aria-label={`${step}, one step of ${process}`}
        >
          {step}
        </button>
      </div>
      <RateSlider process={process} pace={pace} label="Rate" onPace={onPace} />
    </>
  )
}

interface RateSliderProps extends Pick<PaceControlsProps, 'process' | 'pace' | 'onPace'> {
  readonly label: string
}

/** How often in a second. */
export function RateSlider({ process, pace, label, onPace }: RateSliderProps): JSX.Element {
  return (
    <ChoiceSlider
      name={`rate-${process}`}
      label={label}
      choices={RATES}
      value={pace.perSecond}
      textOf={rateText}
      onChange={(perSecond) => onPace({ perSecond })}
    />
  )
}

function rateText(perSecond: Pace['perSecond']): string {
  return perSecond === 'max' ? 'as fast as it goes' : `${perSecond} a second`
}
