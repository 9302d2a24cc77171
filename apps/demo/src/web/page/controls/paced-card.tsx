import type { ComponentChildren, JSX } from 'preact'
import type { Pace, ProcessState } from '../../protocol.js'
import { tell } from '../lab-link.js'
import { PaceControls } from './pace-controls.js'
import { ProcessCard } from './process-card.js'

interface PacedCardProps {
  readonly state: ProcessState
  readonly does: string
  readonly pace: Pace
  /** What a single step does. */
  readonly step: string
  /** What else can be set. */
  readonly children?: ComponentChildren
}

/** The card of a process that does something at a pace of one's choice, or step by step. */
export function PacedCard({ state, does, pace, step, children }: PacedCardProps): JSX.Element {
  const { name, status } = state
  return (
    <ProcessCard state={state} does={does} tone={name === 'P1' ? 'one' : 'two'}>
      <PaceControls
        process={name}
        pace={pace}
        disabled={status !== 'running'}
        step={step}
        onPace={(change) => tell({ type: 'pace', process: name, ...change })}
        onStep={() => tell({ type: 'step', process: name })}
      />
      {children}
    </ProcessCard>
  )
}
