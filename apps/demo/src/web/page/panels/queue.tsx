import type { JSX } from 'preact'
import { MAX_ATTEMPTS } from '../../limits.js'
import type { QueueState } from '../../protocol.js'
import { Figures } from '../controls/figures.js'
import { LossNotice, Notices } from '../controls/notices.js'
import { RateSlider } from '../controls/pace-controls.js'
import { ProcessCard } from '../controls/process-card.js'
import { QueueDiagram } from '../diagrams/queue-diagram.js'
import { tell } from '../lab-link.js'

/** A queue that keeps messages until somebody retrieves them. */
export function QueuePanel({ state }: { readonly state: QueueState }): JSX.Element {
  return (
    <>
      <p class="lead">
        The sender puts messages into a queue, the receiver takes them out; neither needs the other to be
        alive. Send some, kill the sender, then start a receiver: it gets them all. Kill the receiver in the
        middle of a message: the message goes back. A bad message makes its receiver fail; after{' '}
        {MAX_ATTEMPTS} attempts it is a dead letter.
      </p>
      <div class="stage">
        <div>
          <QueueDiagram state={state} />
          <QueueFigures state={state} />
          <DeadLetters state={state} />
        </div>
        <div class="cards">
          <SenderCard state={state} />
          <ReceiverCard state={state} />
        </div>
      </div>
      <LossNotice loss={state.loss} />
      <Notices notices={state.notices} />
    </>
  )
}

function SenderCard({ state }: { readonly state: QueueState }): JSX.Element {
  const process = state.processes[0]!
  const off = process.status !== 'running'
  return (
    <ProcessCard state={process} does="puts in" tone="one" canStop>
      <div class="buttons">
        <button type="button" disabled={off} onClick={() => tell({ type: 'send', count: 1, bad: false })}>
          Send 1
        </button>
        <button type="button" disabled={off} onClick={() => tell({ type: 'send', count: 10, bad: false })}>
          Send 10
        </button>
        <button type="button" disabled={off} onClick={() => tell({ type: 'send', count: 1, bad: true })}>
          Send a bad one
        </button>
      </div>
    </ProcessCard>
  )
}

function ReceiverCard({ state }: { readonly state: QueueState }): JSX.Element {
  return (
    <ProcessCard state={state.processes[1]!} does="takes out" tone="two" canStop>
      <RateSlider
        process="receiver"
        pace={state.receiverPace}
        label="Handles"
        onPace={(change) => tell({ type: 'pace', process: 'receiver', ...change })}
      />
    </ProcessCard>
  )
}

function QueueFigures({ state }: { readonly state: QueueState }): JSX.Element {
  return (
    <Figures
      figures={[
        { id: 'sent', label: 'sent and confirmed', value: state.sent },
        { id: 'ready', label: 'ready', value: state.ready },
        { id: 'leased', label: 'leased', value: state.leased },
        { id: 'handled', label: 'handled', value: state.handled },
        { id: 'failed', label: 'failed attempts', value: state.failed },
        { id: 'dead', label: 'dead letters', value: state.dead },
      ]}
    />
  )
}

function DeadLetters({ state: { dead, deadLetters } }: { readonly state: QueueState }): JSX.Element {
  return (
    <section class="dead-list" aria-label="Dead letters">
      <div class="buttons">
        <button type="button" disabled={dead === 0} onClick={() => tell({ type: 'redrive' })}>
          Put dead letters back
        </button>
      </div>
      {dead > 0 && (
        <ul>
          {deadLetters.map(({ id, number, reason, attempt }) => (
            <li key={id}>
              message {number}: {reason}, attempt {attempt}
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
