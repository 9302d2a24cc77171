import type { ComponentChildren, JSX } from 'preact'
import type { Command, ProcessState } from '../../protocol.js'
import { tell } from '../lab-link.js'

interface ProcessCardProps {
  readonly state: ProcessState
  /** What it does. */
  readonly does: string
  /** The class of its colour. */
  readonly tone: 'one' | 'two'
  /** Whether it can be asked to end by itself. */
  readonly canStop?: boolean
  readonly children?: ComponentChildren
}

/** A process: who it is, how it is, what can be done to it. */
export function ProcessCard({ state, does, tone, canStop, children }: ProcessCardProps): JSX.Element {
  const { name, status } = state
  const running = status === 'running'
  return (
    <section class={`card ${tone}`} aria-label={`${name}, ${does}`} data-process={name}>
      <h3>
        {name} <span class="does">{does}</span>
      </h3>
      <p class="pid">{statusText(state)}</p>
      {children}
      <div class="buttons">
        {!running && (
          <Order does="Start" command={{ type: 'start', process: name }} off={status !== 'ended'} />
        )}
        {running && canStop === true && <Order does="Stop" command={{ type: 'stop', process: name }} />}
        {running && <Order does="Kill" command={{ type: 'kill', process: name }} danger />}
      </div>
    </section>
  )
}

interface OrderProps {
  readonly does: string
  readonly command: Extract<Command, { readonly process: string }>
  readonly off?: boolean
  readonly danger?: boolean
}

function Order({ does, command, off = false, danger = false }: OrderProps): JSX.Element {
  return (
    <button
      type="button"
      class={danger ? 'danger' : undefined}
      disabled={off}
      aria-label={`${does} ${command.process}${danger ? ' with SIGKILL' : ''}`}
      onClick={() => tell(command)}
    >
      {danger ? `${does} (SIGKILL)` : does}
    </button>
  )
}

function statusText({ status, pid, how }: ProcessState): string {
  if (status === 'running') return `process ${pid}`
  if (status === 'starting') return 'starts…'
  if (status === 'ending') return 'ends…'
  return pid === undefined ? 'not started' : `process ${pid} ended: ${how}`
}
