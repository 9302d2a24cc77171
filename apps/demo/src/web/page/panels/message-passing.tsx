import type { JSX } from 'preact'
import type { LinkTransport, MessagePassingState } from '../../protocol.js'
import { ChoiceSlider } from '../controls/choice-slider.js'
import { Choices } from '../controls/choices.js'
import { bytesText, Figures } from '../controls/figures.js'
import { LossNotice, Notices } from '../controls/notices.js'
import { PacedCard } from '../controls/paced-card.js'
import { LinkDiagram } from '../diagrams/link-diagram.js'
import { tell } from '../lab-link.js'

const SIZES: readonly number[] = [16, 256, 1024, 4096, 16_384, 32_768]

const TRANSPORTS: readonly (readonly [LinkTransport, string])[] = [
  ['unix', 'Unix socket'],
  ['tcp', 'TCP'],
  ['shm', 'shared memory'],
]

/** The model of message passing, with a link between two processes. */
export function MessagePassingPanel({ state }: { readonly state: MessagePassingState }): JSX.Element {
  return (
    <>
      <p class="lead">
        P1 sends, P2 receives; they share nothing, and nobody takes a lock. Pause P2 and watch the messages
        back up: what P2 has not taken stops the link, the link stops P1, and <code>send</code> says{' '}
        <code>false</code>.
      </p>
      <Choices
        legend="The link"
        name="over"
        choices={TRANSPORTS}
        value={state.transport}
        onChange={(transport) => tell({ type: 'over', transport })}
      />
      <div class="stage">
        <div>
          <LinkDiagram state={state} />
          <LinkFigures state={state} />
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

function SenderCard({ state }: { readonly state: MessagePassingState }): JSX.Element {
  const process = state.processes[0]!
  return (
    <PacedCard state={process} does="sends" pace={state.sender.pace} step="Send one">
      <ChoiceSlider
        name="size"
        label="Message size"
        choices={SIZES}
        value={state.messageBytes}
        textOf={bytesText}
        onChange={(bytes) => tell({ type: 'size', bytes })}
      />
    </PacedCard>
  )
}

function ReceiverCard({ state }: { readonly state: MessagePassingState }): JSX.Element {
  const process = state.processes[1]!
  return <PacedCard state={process} does="receives" pace={state.receiver.pace} step="Take one" />
}

function LinkFigures({ state: { sender, receiver } }: { readonly state: MessagePassingState }): JSX.Element {
  return (
    <Figures
      figures={[
        { id: 'sent', label: 'sent by P1', value: sender.sent },
        { id: 'taken', label: 'taken by P2', value: receiver.taken },
        { id: 'unread-bytes', label: 'unread by P2', value: bytesText(receiver.unreadBytes) },
        { id: 'buffered-bytes', label: 'kept by P1', value: bytesText(sender.bufferedBytes) },
        { id: 'congestions', label: 'times send said false', value: sender.congestions },
        {
          id: 'missing',
          label: 'lost or out of order',
          value: receiver.missing,
          tone: receiver.missing === 0 ? 'good' : 'bad',
        },
      ]}
    />
  )
}
