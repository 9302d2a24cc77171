import type { JSX } from 'preact'
import type { RingSnapshot, WriterState } from '../../protocol.js'

interface RingDiagramProps {
  readonly ring: RingSnapshot
  readonly claim: WriterState['claim']
  readonly x: number
  readonly y: number
}

const OUTER = 106
const INNER = 74
/** Smaller records have no room for their number. */
const MIN_LABEL_ANGLE = 0.16
const HEADER_BYTES = 8
const PADDING = -1

/** A ring as it lies in memory: records where they are, head and tail where they point. */
export function RingDiagram({ ring, claim, x, y }: RingDiagramProps): JSX.Element {
  const { capacityBytes: capacity, head, tail, records } = ring
  return (
    <g transform={`translate(${x} ${y})`} class="ring">
      <path class="track" d={arc(0, 1)} fill-rule="evenodd" />
      {records.map(([index, bytes, sequence]) => (
        <RingRecord key={index} at={index / capacity} part={bytes / capacity} sequence={sequence} />
      ))}
      {claim !== undefined && (
        <path
          class={claim.filled ? 'claim filled' : 'claim'}
          d={arc((claim.index - HEADER_BYTES) / capacity, (claim.bytes + HEADER_BYTES) / capacity)}
        />
      )}
      <Pointer name="tail" tone="one" at={placeOf(tail, capacity)} radius={OUTER} length={12} />
      <Pointer name="head" tone="two" at={placeOf(head, capacity)} radius={INNER} length={-12} />
    </g>
  )
}

interface RingRecordProps {
  readonly at: number
  readonly part: number
  readonly sequence: number
}

function RingRecord({ at, part, sequence }: RingRecordProps): JSX.Element {
  const isPadding = sequence === PADDING
  const middle = point(at + part / 2, (OUTER + INNER) / 2)
  return (
    <>
      <path
        class={isPadding ? 'padding' : `record ${sequence % 2 === 0 ? 'even' : 'odd'}`}
        d={arc(at, part)}
      />
      {!isPadding && part * 2 * Math.PI > MIN_LABEL_ANGLE && (
        <text x={middle.x} y={middle.y + 3.5} class="number">
          {sequence % 10_000}
        </text>
      )}
    </>
  )
}

interface PointerProps {
  readonly name: string
  readonly tone: 'one' | 'two'
  /** Part of a turn. */
  readonly at: number
  readonly radius: number
  /** Outwards, or inwards when negative. */
  readonly length: number
}

function Pointer({ name, tone, at, radius, length }: PointerProps): JSX.Element {
  const tip = point(at, radius)
  const left = point(at - 0.012, radius + length)
  const right = point(at + 0.012, radius + length)
  // Beside the tip a label needs more room than above or below it.
  const away = 20 + 12 * Math.abs(Math.sin(at * 2 * Math.PI))
  const label = point(at, radius + Math.sign(length) * away)
  return (
    <g class={`pointer ${tone}`}>
      <path d={`M${tip.x} ${tip.y}L${left.x} ${left.y}L${right.x} ${right.y}Z`} />
      <text x={label.x} y={label.y + 4} class="small">
        {name}
      </text>
    </g>
  )
}

/** Positions count bytes and wrap as int32; the ring is a power of two. */
function placeOf(position: number, capacity: number): number {
  return (position & (capacity - 1)) / capacity
}

function point(turn: number, radius: number): { readonly x: number; readonly y: number } {
  const angle = turn * 2 * Math.PI - Math.PI / 2
  return { x: round(radius * Math.cos(angle)), y: round(radius * Math.sin(angle)) }
}

/** A piece of the ring: where it begins, and how much of a turn it is. */
function arc(at: number, part: number): string {
  if (part >= 1) return `${circle(OUTER)}${circle(INNER)}`
  const large = part > 0.5 ? 1 : 0
  const from = point(at, OUTER)
  const to = point(at + part, OUTER)
  const back = point(at + part, INNER)
  const start = point(at, INNER)
  return (
    `M${from.x} ${from.y}A${OUTER} ${OUTER} 0 ${large} 1 ${to.x} ${to.y}` +
    `L${back.x} ${back.y}A${INNER} ${INNER} 0 ${large} 0 ${start.x} ${start.y}Z`
  )
}

function circle(radius: number): string {
  return `M0 ${-radius}A${radius} ${radius} 0 1 1 0 ${radius}A${radius} ${radius} 0 1 1 0 ${-radius}Z`
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
