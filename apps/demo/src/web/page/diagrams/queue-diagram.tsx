import type { JSX } from 'preact'
import type { QueuedMessage, QueueState } from '../../protocol.js'
import { ProcessBox } from './process-box.js'

const COLUMNS = 8
const TICKET = { width: 38, height: 20, gap: 4 } as const
const QUEUE = { y: 66, rows: 3 } as const
const DEAD = { y: 172, rows: 1 } as const

/** The queue and who uses it: neither is connected to the other one. */
export function QueueDiagram({ state }: { readonly state: QueueState }): JSX.Element {
  const { processes, ready, delayed, leased, dead, next, deadLetters, handling } = state
  const [sender, receiver] = processes as [QueueState['processes'][0], QueueState['processes'][0]]
  const label =
    `${ready} messages wait in the queue, ${leased} with the receiver, ` +
    `${delayed} wait for another attempt, ${dead} dead letters.`
  const taking = handling === undefined ? 'waits for messages' : `handles ${handling}`
  return (
    <svg viewBox="0 0 360 224" role="img" aria-label={label} class="diagram">
      <ProcessBox x={4} y={4} width={150} state={sender} tone="one" doing="sends" />
      <ProcessBox x={206} y={4} width={150} state={receiver} tone="two" doing={taking} />
      <rect class="region" x={4} y={QUEUE.y - 8} width={352} height={96} rx={8} />
      <Tickets messages={next} count={ready} y={QUEUE.y + 16} rows={QUEUE.rows} />
      <text x={14} y={QUEUE.y + 8} class="small start">
        {`queue, in files: ${ready} ready, ${leased} leased, ${delayed} delayed`}
      </text>
      <rect class="region dead-letters" x={4} y={DEAD.y - 12} width={352} height={56} rx={8} />
      <text x={14} y={DEAD.y + 4} class="small start">
        {`dead letters: ${dead}`}
      </text>
      <Tickets messages={deadLetters} count={dead} y={DEAD.y + 12} rows={DEAD.rows} />
    </svg>
  )
}

interface TicketsProps {
  readonly messages: readonly QueuedMessage[]
  /** All, those not drawn too. */
  readonly count: number
  readonly y: number
  readonly rows: number
}

function Tickets({ messages, count, y, rows }: TicketsProps): JSX.Element {
  const places = COLUMNS * rows
  const shown = count > places ? messages.slice(0, places - 1) : messages.slice(0, places)
  return (
    <>
      {shown.map((message, i) => (
        <Ticket key={message.id} message={message} {...placeOf(i, y)} />
      ))}
      {count > shown.length && (
        <text
          x={placeOf(shown.length, y).x + TICKET.width / 2}
          y={placeOf(shown.length, y).y + 14}
          class="small"
        >
          +{count - shown.length}
        </text>
      )}
    </>
  )
}

interface TicketProps {
  readonly message: QueuedMessage
  readonly x: number
  readonly y: number
}

function Ticket({ message: { number, bad, attempt }, x, y }: TicketProps): JSX.Element {
  return (
    <g class={bad ? 'ticket bad' : 'ticket'} transform={`translate(${x} ${y})`}>
      <rect width={TICKET.width} height={TICKET.height} rx={3} />
      <text x={TICKET.width / 2} y={14} class="number">
        {bad ? '✗' : ''}
        {number}
        {attempt > 1 ? `·${attempt}` : ''}
      </text>
    </g>
  )
}

function placeOf(i: number, y: number): { readonly x: number; readonly y: number } {
  const column = i % COLUMNS
  const row = Math.floor(i / COLUMNS)
  return { x: 14 + column * (TICKET.width + TICKET.gap), y: y + row * (TICKET.height + TICKET.gap) }
}
