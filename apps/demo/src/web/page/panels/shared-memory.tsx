import type { JSX } from 'preact'
import type { SharedMemoryState } from '../../protocol.js'
import { ChoiceSlider } from '../controls/choice-slider.js'
import { bytesText, Figures } from '../controls/figures.js'
import { LossNotice, Notices } from '../controls/notices.js'
import { PacedCard } from '../controls/paced-card.js'
import { SharedMemoryDiagram } from '../diagrams/shared-memory-diagram.js'
import { tell } from '../lab-link.js'

const SIZES: readonly number[] = [16, 56, 120, 248, 504, 1016]

/** The model of shared memory, drawn from the memory itself. */
export function SharedMemoryPanel({ state }: { readonly state: SharedMemoryState }): JSX.Element {
  const [one, two] = state.processes as [SharedMemoryState['processes'][0], SharedMemoryState['processes'][0]]
  return (
    <>
      <p class="lead">
        Two processes have the same memory mapped. P1 writes records at the tail, P2 reads them at the head;
        no system call moves them. This page looks at that memory through a third process, which can read it
        and not write it.
      </p>
      <div class="stage">
        <div>
          <SharedMemoryDiagram
            writer={one}
            reader={two}
            writing={writingOf(state)}
            reading={state.reader.pace.paused ? 'waits for a step' : 'reads at the head'}
            ring={state.ring}
            claim={one.status === 'running' ? state.writer.claim : undefined}
          />
          <RingFigures state={state} />
        </div>
        <div class="cards">
          <WriterCard state={state} process={one} />
          <ReaderCard state={state} process={two} />
        </div>
      </div>
      <LossNotice loss={state.loss} />
      <Notices notices={state.notices} />
    </>
  )
}

interface CardProps {
  readonly state: SharedMemoryState
  readonly process: SharedMemoryState['processes'][0]
}

function WriterCard({ state, process }: CardProps): JSX.Element {
  return (
    <PacedCard state={process} does="writes" pace={state.writer.pace} step={nextStep(state)}>
      <ChoiceSlider
        name="size"
        label="Record size"
        choices={SIZES}
        value={state.recordBytes}
        textOf={bytesText}
        onChange={(bytes) => tell({ type: 'size', bytes })}
      />
    </PacedCard>
  )
}

function ReaderCard({ state, process }: CardProps): JSX.Element {
  return <PacedCard state={process} does="reads" pace={state.reader.pace} step="Read one" />
}

function RingFigures({
  state: { writer, reader, ring },
}: {
  readonly state: SharedMemoryState
}): JSX.Element {
  const wrong = reader.damaged + reader.missing
  return (
    <Figures
      figures={[
        { id: 'written', label: 'written by P1', value: writer.written },
        { id: 'read', label: 'read by P2', value: reader.read },
        {
          id: 'waiting',
          label: 'records in the ring',
          value: ring.records.filter(([, , n]) => n >= 0).length,
        },
        { id: 'tail', label: 'tail, bytes', value: ring.tail },
        { id: 'head', label: 'head, bytes', value: ring.head },
        { id: 'full', label: 'times it was full', value: writer.full },
        { id: 'wrong', label: 'damaged or missing', value: wrong, tone: wrong === 0 ? 'good' : 'bad' },
      ]}
    />
  )
}

/** What P1 would do with a step. */
function nextStep({ writer: { claim } }: SharedMemoryState): string {
  if (claim === undefined) return 'Claim'
  return claim.filled ? 'Commit' : 'Fill in'
}

function writingOf({ writer: { claim, pace } }: SharedMemoryState): string {
  if (claim !== undefined) return claim.filled ? 'filled in, not committed' : 'has claimed a record'
  return pace.paused ? 'waits for a step' : 'writes at the tail'
}
