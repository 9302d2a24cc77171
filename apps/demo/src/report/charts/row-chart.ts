import { axisX, gridX, type Markish, text } from '@observablehq/plot'
import { draw, NARROW_PX } from './chart.js'
import { decadesOf, tickLabel } from './decades.js'

/** A chart of rows, one below the other, each with its name. */
export interface RowChart {
  readonly label: string
  readonly xLabel: string
  /** A logarithmic axis shows whole powers of ten, a linear one begins at zero. */
  readonly type: 'log' | 'linear'
  /** All that has to have room. */
  readonly values: readonly number[]
  readonly names: readonly string[]
  /** What is drawn in the rows; their place is the name. */
  readonly marks: readonly Markish[]
}

/** Room for the names beside the rows, in pixels for each letter. */
const LETTER_PX = 6.6
const ROW_PX = 30
/** Rows with their names above them. */
const TALL_ROW_PX = 46

/** Draw the rows: with their names beside them, or above them where the drawing is narrow. */
export function drawRows({ label, xLabel, type, values, names, marks }: RowChart, width: number): string {
  const decades = type === 'log' ? decadesOf(values) : []
  const domain = type === 'log' ? [decades[0]!, decades.at(-1)!] : [0, Math.max(...values)]
  const ticks = type === 'log' ? decades : 5
  const longest = Math.max(...names.map((name) => name.length)) * LETTER_PX
  const above = width <= NARROW_PX || longest > width / 3
  const rowPx = above ? TALL_ROW_PX : ROW_PX
  const named = text(names, {
    frameAnchor: 'left',
    y: (name: string) => name,
    text: (name: string) => name,
    textAnchor: above ? 'start' : 'end',
    dx: above ? 0 : -10,
    dy: above ? -18 : 0,
    fill: 'currentColor',
  })
  return draw(label, {
    width,
    height: names.length * rowPx + 56,
    marginLeft: above ? 4 : longest + 16,
    marginRight: 64,
    marginTop: above ? 12 : 6,
    marginBottom: 44,
    x: { type, domain, label: xLabel },
    y: { type: 'band', domain: [...names], axis: null, padding: above ? 0.62 : 0.4 },
    marks: [
      gridX({ ticks: ticks as never, strokeOpacity: 0.15 }),
      axisX({ ticks: ticks as never, tickFormat: tickLabel, label: xLabel }),
      named,
      ...marks,
    ],
  })
}
