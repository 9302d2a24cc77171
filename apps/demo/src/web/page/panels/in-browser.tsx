import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { Figures } from '../controls/figures.js'
import { PaceControls } from '../controls/pace-controls.js'
import { SharedMemoryDiagram } from '../diagrams/shared-memory-diagram.js'
import { lookWorkers, raceWorkers, workerLook, workerRace } from '../workers/race-workers.js'
import { RingWorkers, type RingWorkersState } from '../workers/ring-workers.js'
import { LookView } from './look-view.js'
import { RaceView } from './race-view.js'
import { StreamView } from './stream-view.js'

/** Time between two looks at the ring. */
const LOOK_MS = 50

/** The same without a server: workers of this page, and the packages' own code in them. */
export function InBrowserPanel(): JSX.Element {
  if (!crossOriginIsolated) {
    return <p class="trouble">This page is not cross-origin isolated, so there is no SharedArrayBuffer.</p>
  }
  return (
    <>
      <p class="lead">
        The same packages in this page: Web Workers in place of processes, a SharedArrayBuffer in place of a
        named region. The program of each worker is that of the process.
      </p>
      <WorkerRing />
      <div class="pair">
        <RaceView race={workerRace.value} who="two workers" onRace={(guard) => void raceWorkers(guard)} />
        <LookView look={workerLook.value} who="two workers" onLook={(guard) => void lookWorkers(guard)} />
      </div>
      <StreamView />
    </>
  )
}

function WorkerRing(): JSX.Element {
  const workers = useRef<RingWorkers | undefined>(undefined)
  const state = useSignal<RingWorkersState | undefined>(undefined)
  useEffect(() => {
    let closed = false
    void (async () => {
      const started = await RingWorkers.start()
      workers.current = started
      while (!closed) {
        state.value = await started.look()
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
      }
      started.close()
    })()
    return () => {
      closed = true
    }
  }, [])
  if (state.value === undefined) return <p class="starting">Its workers start…</p>
  return <RingStage state={state.value} workers={workers.current!} />
}

interface RingStageProps {
  readonly state: RingWorkersState
  readonly workers: RingWorkers
}

function RingStage({ state, workers }: RingStageProps): JSX.Element {
  const { ring, writer, reader } = state
  return (
    <div class="stage">
      <div>
        <SharedMemoryDiagram
          writer={{ name: 'P1', status: 'running', pid: undefined }}
          reader={{ name: 'P2', status: 'running', pid: undefined }}
          writing={writer.pace.paused ? 'worker, waits for a step' : 'worker, writes'}
          reading={reader.pace.paused ? 'worker, waits for a step' : 'worker, reads'}
          ring={ring}
          claim={writer.claim}
        />
        <Figures
          figures={[
            { id: 'written', label: 'written by P1', value: writer.written },
            { id: 'read', label: 'read by P2', value: reader.read },
            { id: 'tail', label: 'tail, bytes', value: ring.tail },
            { id: 'head', label: 'head, bytes', value: ring.head },
            {
              id: 'wrong',
              label: 'damaged or missing',
              value: reader.damaged + reader.missing,
              tone: 'good',
            },
          ]}
        />
      </div>
      <div class="cards">
        <WorkerCard side="writer" does="writes" state={state} workers={workers} />
        <WorkerCard side="reader" does="reads" state={state} workers={workers} />
      </div>
    </div>
  )
}

interface WorkerCardProps extends RingStageProps {
  readonly side: 'writer' | 'reader'
  readonly does: string
}

function WorkerCard({ side, does, state, workers }: WorkerCardProps): JSX.Element {
  const process = side === 'writer' ? 'P1' : 'P2'
  return (
    <section class={`card ${side === 'writer' ? 'one' : 'two'}`} aria-label={`${process}, ${does}`}>
      <h3>
        {process} <span class="does">{does}</span>
      </h3>
      <p class="pid">a Web Worker</p>
      <PaceControls
        process={process}
        pace={state[side].pace}
        disabled={false}
        step={side === 'writer' ? 'Next step' : 'Read one'}
        onPace={(change) => void workers.pace(side, change)}
        onStep={() => void workers.order(side, { type: 'step' })}
      />
    </section>
  )
}
