import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'

/** One line of a plot. */
export interface Line {
  readonly label: string
  /** A value for each x; `undefined` where there is none yet. */
  readonly values: readonly (number | undefined)[]
}

interface LinePlotProps {
  readonly label: string
  readonly xs: readonly number[]
  readonly lines: readonly Line[]
  readonly xText: (x: number) => string
  readonly yText: (y: number) => string
  /** Unit of the values. */
  readonly yLabel: string
}

/** Colours that differ without colour vision too, in light and in dark (Okabe and Ito), and dashes as well. */
const COLORS = {
  light: ['#0072b2', '#d55e00', '#007a5a', '#a8467f', '#8a6d00', '#3a86b8', '#333333', '#767676'],
  dark: ['#56b4e9', '#ff8c42', '#2fcf9f', '#e59ac4', '#f0e442', '#9cd0f5', '#f0f0f0', '#a8a8a8'],
} as const
const DASHES: readonly number[][] = [[], [8, 4], [2, 4], [12, 4, 2, 4], [], [8, 4], [2, 4], [12, 4, 2, 4]]
const HEIGHT = 340
const FONT = '12px system-ui, sans-serif'

/** Lines over logarithmic axes. A picture only: the same numbers are to be in a table beside it. */
export function LinePlot(props: LinePlotProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null)
  const { label, xs, lines } = props
  const shape = JSON.stringify([xs, lines.map((line) => line.label)])
  const plot = useRef<uPlot | undefined>(undefined)
  const drawn = useRef(props)
  drawn.current = props
  // A plot is made anew when its lines are others.
  useEffect(() => {
    const element = place.current!
    const make = (): void => {
      plot.current?.destroy()
      plot.current = new uPlot(optionsOf(drawn.current, element), dataOf(drawn.current), element)
    }
    make()
    const dark = matchMedia('(prefers-color-scheme: dark)')
    dark.addEventListener('change', make)
    const resized = new ResizeObserver(() => {
      plot.current?.setSize({ width: widthOf(element), height: HEIGHT })
    })
    resized.observe(element)
    return () => {
      dark.removeEventListener('change', make)
      resized.disconnect()
      plot.current?.destroy()
    }
  }, [shape])
  useEffect(() => plot.current?.setData(dataOf(props)), [props])
  return <div class="plot" ref={place} role="img" aria-label={label} />
}

function dataOf({ xs, lines }: LinePlotProps): uPlot.AlignedData {
  return [[...xs], ...lines.map(({ values }) => values.map((value) => value ?? null))]
}

function optionsOf(props: LinePlotProps, element: HTMLElement): uPlot.Options {
  const { xs, lines, xText, yText, yLabel } = props
  const styles = getComputedStyle(element)
  const colors = COLORS[matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light']
  const axis = {
    stroke: styles.color,
    grid: { stroke: styles.getPropertyValue('--border'), width: 1 },
    ticks: { stroke: styles.getPropertyValue('--border'), width: 1 },
    font: FONT,
  }
  return {
    width: widthOf(element),
    height: HEIGHT,
    scales: { x: { distr: 3, log: 2, time: false }, y: { distr: 3 } },
    axes: [
      {
        ...axis,
        splits: () => [...xs],
        filter: (_, splits) => splits,
        values: (_, splits) => splits.map(xText),
      },
      {
        ...axis,
        size: 48,
        label: yLabel,
        labelSize: 20,
        labelFont: FONT,
        values: (_, splits) => splits.map((y) => (y === null ? '' : yText(y))),
      },
    ],
    series: [
      { label: 'message size', value: (_, x) => (x === null ? '' : xText(x)) },
      ...lines.map((line, i) => ({
        label: line.label,
        stroke: colors[i % colors.length]!,
        dash: DASHES[i % DASHES.length]!,
        width: 2,
        points: { show: true, size: 6 },
        value: (_: uPlot, y: number | null) => (y === null ? '' : yText(y)),
      })),
    ],
    legend: { live: false },
    cursor: { drag: { x: false, y: false } },
  }
}

/** Without the padding. */
function widthOf(element: HTMLElement): number {
  const { paddingLeft, paddingRight } = getComputedStyle(element)
  return element.clientWidth - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight)
}
