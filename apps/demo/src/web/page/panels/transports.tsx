import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { compact, threeDigits } from '../../../figures.js'
import { SWEEP_BYTES } from '../../limits.js'
import type { SweepPoint, TransportsState } from '../../protocol.js'
import { bytesText } from '../controls/figures.js'
import { tell } from '../lab-link.js'
import { LinePlot } from '../plot/line-plot.js'

/** Every transport over the size of messages. */
export function TransportsPanel({ state }: { readonly state: TransportsState }): JSX.Element {
  const { points, running, known, failures } = state
  const measured = known.filter(({ id }) => points.some(({ transport }) => transport === id))
  return (
    <>
      <p class="lead">
        P1 sends as fast as it can, P2 takes everything, and both digest what they saw; equal digests prove
        that nothing was lost. Each point has a new P2 (a process, or a thread), and is drawn when it has been
        measured.
      </p>
      <SweepControls state={state} />
      <p role="status" class="result">
        {progressOf(running, known)}
        {running === undefined && points.length > 0 ? `${points.length} points measured.` : ''}
      </p>
      <SweepPlot points={points} transports={measured} />
      {failures.map(({ transport, message }) => (
        <p class="trouble" key={transport}>
          {transport}: {message}
        </p>
      ))}
      <SweepTable points={points} transports={measured} />
    </>
  )
}

function SweepPlot({ points, transports }: SweepTableProps): JSX.Element {
  if (points.length === 0) return <p class="plot empty">Nothing has been measured yet.</p>
  return (
    <LinePlot
      label="Throughput in megabytes a second over the size of messages; the table has the same numbers."
      xs={SWEEP_BYTES}
      lines={transports.map(({ id, label }) => ({ label, values: valuesOf(points, id) }))}
      xText={shortBytes}
      yText={compact}
      yLabel="MB/s"
    />
  )
}

function SweepControls({ state: { known, running } }: { readonly state: TransportsState }): JSX.Element {
  const left = useSignal<readonly string[]>([])
  const chosen = known.map(({ id }) => id).filter((id) => !left.value.includes(id))
  const toggle = (id: string): void => {
    left.value = left.value.includes(id) ? left.value.filter((other) => other !== id) : [...left.value, id]
  }
  return (
    <section class="card" aria-label="The sweep">
      <fieldset class="choices" disabled={running !== undefined}>
        <legend>Transports</legend>
        {known.map(({ id, label }) => (
          <label key={id}>
            <input type="checkbox" name={id} checked={!left.value.includes(id)} onChange={() => toggle(id)} />
            {label}
          </label>
        ))}
      </fieldset>
      <div class="buttons">
        <button
          type="button"
          disabled={running !== undefined || chosen.length === 0}
          onClick={() => tell({ type: 'sweep', transports: chosen })}
        >
          Measure
        </button>
        <button type="button" disabled={running === undefined} onClick={() => tell({ type: 'halt' })}>
          Stop
        </button>
      </div>
    </section>
  )
}

interface SweepTableProps {
  readonly points: readonly SweepPoint[]
  readonly transports: TransportsState['known']
}

function SweepTable({ points, transports }: SweepTableProps): JSX.Element | null {
  if (points.length === 0) return null
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and the keyboard has to get there.
    <section class="scroll" aria-label="Throughput as a table" tabIndex={0}>
      <table>
        <caption>
          <span>Megabytes a second; messages a second below</span>
        </caption>
        <thead>
          <tr>
            <th scope="col">size</th>
            {transports.map(({ id, label }) => (
              <th scope="col" key={id}>
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {SWEEP_BYTES.map((bytes) => (
            <tr key={bytes}>
              <th scope="row">{bytesText(bytes)}</th>
              {transports.map(({ id }) => (
                <Cell key={id} point={pointOf(points, id, bytes)} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function Cell({ point }: { readonly point: SweepPoint | undefined }): JSX.Element {
  if (point === undefined) return <td>–</td>
  const { transport, bytes, megabytesPerSecond, messagesPerSecond, intact } = point
  return (
    <td data-point={`${transport} ${bytes}`} data-value={megabytesPerSecond} data-intact={intact}>
      {threeDigits(megabytesPerSecond)}
      <span class="rate">{compact(messagesPerSecond)}/s</span>
      {!intact && <strong class="bad"> not intact</strong>}
    </td>
  )
}

function pointOf(points: readonly SweepPoint[], id: string, bytes: number): SweepPoint | undefined {
  return points.find((point) => point.transport === id && point.bytes === bytes)
}

function valuesOf(points: readonly SweepPoint[], id: string): (number | undefined)[] {
  return SWEEP_BYTES.map((bytes) => pointOf(points, id, bytes)?.megabytesPerSecond)
}

function progressOf(running: TransportsState['running'], known: TransportsState['known']): string {
  if (running === undefined) return ''
  const label = known.find(({ id }) => id === running.transport)?.label
  return `Measures ${label}…`
}

/** Room is scarce at the axis. */
function shortBytes(bytes: number): string {
  return bytesText(bytes).replace(/ ?(B|KiB|MiB)$/, (_, unit: string) => (unit === 'B' ? '' : unit[0]!))
}
