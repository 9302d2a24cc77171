import { dot, line, type Markish, ruleX, text } from '@observablehq/plot'
import { byteSize } from '../../figures.js'
import { draw, NARROW_PX } from './chart.js'
import { decadesOf, tickLabel } from './decades.js'
import type { Look } from './series.js'

/** Ticks of sizes: every second one of those measured. */
const TICKS = [16, 256, 4096, 65_536, 2 ** 20, 2 ** 24, 2 ** 28]
const NARROW_TICKS = [16, 4096, 2 ** 20, 2 ** 28]
const LABEL_PX = 15

/** A value at a size. */
export interface Point {
  readonly bytes: number
  readonly value: number
}

/** Lines over the sizes of messages; both axes are logarithmic. */
export interface LineChart {
  readonly label: string
  readonly xLabel: string
  readonly yLabel: string
  readonly lines: readonly { readonly look: Look; readonly points: readonly Point[] }[]
  /** A size to be marked, and what is there. */
  readonly mark?: { readonly bytes: number; readonly text: string } | undefined
}

/** Draw the lines, each with its name at its end. */
export function drawLines(chart: LineChart, width: number): string {
  const { label, xLabel, yLabel, lines, mark } = chart
  const height = width <= NARROW_PX ? 300 : 380
  const decades = decadesOf(lines.flatMap(({ points }) => points.map(({ value }) => value)))
  const domain = [decades[0]!, decades.at(-1)!] as const
  const sizes = lines.flatMap(({ points }) => points.map(({ bytes }) => bytes))
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)]
  const ticks = width <= NARROW_PX ? NARROW_TICKS : TICKS
  return draw(label, {
    width,
    height,
    marginLeft: 48,
    marginRight: 96,
    marginTop: 34,
    marginBottom: 40,
    x: {
      type: 'log',
      // Of ticks that are no powers of the base the library leaves the labels out.
      base: 4,
      label: xLabel,
      ticks: ticks.filter((bytes) => bytes >= least && bytes <= most),
      tickFormat: (bytes: number) => byteSize(bytes),
      domain: [least, most],
    },
    y: { type: 'log', label: yLabel, grid: true, ticks: decades, tickFormat: tickLabel, domain: [...domain] },
    marks: [
      ...(mark === undefined ? [] : markAt(mark)),
      ...lines.flatMap(({ look, points }) => marksOf(look, points)),
      ...names(chart, domain, height - 74),
    ],
  })
}

function marksOf({ colour, symbol, dash }: Look, points: readonly Point[]): Markish[] {
  const at = { x: 'bytes', y: 'value', stroke: colour }
  return [
    line(points, { ...at, strokeWidth: 2, strokeDasharray: dash }),
    dot(points, { ...at, symbol: symbol as never, r: 3.5, fill: 'var(--surface)', strokeWidth: 1.8 }),
  ]
}

function markAt({ bytes, text: words }: { readonly bytes: number; readonly text: string }): Markish[] {
  const right = bytes > 8192
  return [
    ruleX([bytes], { stroke: 'currentColor', strokeDasharray: '3 3', strokeOpacity: 0.7 }),
    text([words], {
      x: [bytes],
      frameAnchor: 'top',
      text: [words],
      dy: -14,
      textAnchor: right ? 'end' : 'start',
      fontWeight: 600,
      fill: 'currentColor',
    }),
  ]
}

/** The names at the ends of the lines, moved apart where the ends are close. */
function names({ lines }: LineChart, [low, high]: readonly [number, number], heightPx: number): Markish[] {
  const pxPerLog = heightPx / Math.log(high / low)
  const ends = lines
    .map(({ look, points }) => ({ ...look, ...points.at(-1)! }))
    .sort((a, b) => b.value - a.value)
  let free = Number.NEGATIVE_INFINITY
  const placed = ends.map((end) => {
    const y = Math.log(high / end.value) * pxPerLog
    const moved = Math.max(y, free)
    free = moved + LABEL_PX
    return { ...end, dy: moved - y }
  })
  return placed.map(({ bytes, value, short, colour, dy }) =>
    text([short], {
      x: [bytes],
      y: [value],
      text: [short],
      dx: 10,
      dy,
      textAnchor: 'start',
      fill: colour,
      fontWeight: 600,
    }),
  )
}
