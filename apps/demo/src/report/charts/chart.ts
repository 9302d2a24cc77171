import type { PlotOptions } from '@observablehq/plot'
import { plot } from '@observablehq/plot'
import { parseHTML } from 'linkedom'

/** A plot of the report, and the same as a table. */
export interface Chart {
  /** Fragment of the page. */
  readonly id: string
  readonly title: string
  /** What it shows, in a sentence or two; also for those who do not see it. */
  readonly caption: string
  /** Draw it so many pixels wide, as SVG. */
  draw(width: number): string
  readonly table: ChartTable
}

/** The figures of a chart. The first column names the row. */
export interface ChartTable {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** Up to here a drawing is for a phone: labels are where there is room. */
export const NARROW_PX = 480

const { document } = parseHTML('<!doctype html><html></html>')

/** Draw with what all charts have in common. Colours are variables of the page, so that dark mode needs no other drawing. */
export function draw(label: string, options: PlotOptions): string {
  const svg = plot({
    document: document as never,
    style: { fontSize: '12px', fontFamily: 'inherit', background: 'none', overflow: 'visible' } as never,
    ariaLabel: label,
    ...options,
  })
  svg.setAttribute('role', 'img')
  // One image with one name: names of its parts are not allowed, and nobody would hear them.
  for (const part of Array.from(svg.querySelectorAll('[aria-label]'))) part.removeAttribute('aria-label')
  return svg.outerHTML
}
