import type { JSX } from 'preact'
import { compact, threeDigits } from '../../../figures.js'
import { bytesText } from '../controls/figures.js'
import { measureStreams, type StreamRow, streamRows, streamsRun } from '../workers/stream-workers.js'

const NAMES = { shm: 'shared memory', ports: 'ports' } as const

/** Throughput between two workers of the page. */
export function StreamView(): JSX.Element {
  const rows = streamRows.value
  const running = streamsRun.value
  return (
    <section class="card" aria-label="Shared memory and ports" data-part="streams">
      <h3>Shared memory and ports</h3>
      <p>
        One worker sends to another: over <code>fromBuffer</code> of @ipc/shm, and over a{' '}
        <code>MessagePort</code> with @ipc/mq.
      </p>
      <div class="buttons">
        <button type="button" disabled={running} onClick={() => void measureStreams()}>
          Measure both
        </button>
      </div>
      <p role="status" class="result">
        {running ? 'Measures…' : rows.length > 0 ? 'Measured.' : ''}
      </p>
      {rows.length > 0 && <StreamTable rows={rows} />}
    </section>
  )
}

function StreamTable({ rows }: { readonly rows: readonly StreamRow[] }): JSX.Element {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and the keyboard has to get there.
    <section class="scroll" aria-label="Throughput as a table" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">size</th>
            <th scope="col">over</th>
            <th scope="col">messages/s</th>
            <th scope="col">MB/s</th>
            <th scope="col">arrived</th>
          </tr>
        </thead>
        <tbody>{rows.map((row) => streamRow(row))}</tbody>
      </table>
    </section>
  )
}

function streamRow({
  over,
  bytes,
  sent,
  arrived,
  messagesPerSecond,
  megabytesPerSecond,
}: StreamRow): JSX.Element {
  return (
    <tr key={`${over} ${bytes}`} data-stream={`${over} ${bytes}`} data-value={messagesPerSecond}>
      <th scope="row">{bytesText(bytes)}</th>
      <td>{NAMES[over]}</td>
      <td>{compact(messagesPerSecond)}</td>
      <td>{threeDigits(megabytesPerSecond)}</td>
      <td data-arrived={arrived}>{arrived === sent ? 'all' : `${arrived} of ${sent}`}</td>
    </tr>
  )
}
