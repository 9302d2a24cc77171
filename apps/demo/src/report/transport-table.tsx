import type { JSX } from 'preact'
import { compact, grouped, threeDigits } from '../figures.js'
import type { ReportDocument, TransportDocument } from './json.js'

const HEAD = ['transport', 'messages/s', 'ratio', 'MB/s', 'p50 µs', 'p99 µs', 'set-up ms', 'intact']

/** What the main job measured: the same records and blocks over every transport. */
export function TransportTable({ document }: { readonly document: ReportDocument }): JSX.Element {
  const { input, seconds, transports } = document
  return (
    <>
      {input !== undefined && (
        <p>
          The {grouped(input.messages)} messages of {input.name}, again and again for {seconds} s, from
          process P1 to P2, which aggregates and digests them. Intact: P2 received what P1 sent, all of it,
          once and in order. The ratio is to Node’s own <code>process.send</code>.
        </p>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard. */}
      <section class="scroll" tabIndex={0} aria-label="Table: transports">
        <table>
          <thead>
            <tr>
              {HEAD.map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>{transports.map(row)}</tbody>
        </table>
      </section>
    </>
  )
}

function row(transport: TransportDocument): JSX.Element {
  const { id, label } = transport
  if ('failure' in transport) {
    const { code, message } = transport.failure
    return (
      <tr key={id}>
        <th scope="row">{label}</th>
        <td class="words" colSpan={HEAD.length - 1}>
          {code ?? 'failed'}: {message}
        </td>
      </tr>
    )
  }
  const { messagesPerSecond, ratio, bytesPerSecond, roundTrip, setUpMs, intact } = transport
  return (
    <tr key={id}>
      <th scope="row">{label}</th>
      <td>{compact(messagesPerSecond)}</td>
      <td>{ratio === null ? '' : `${threeDigits(ratio)}×`}</td>
      <td>{threeDigits(bytesPerSecond / 1e6)}</td>
      <td>{threeDigits(roundTrip.p50Micros)}</td>
      <td>{threeDigits(roundTrip.p99Micros)}</td>
      <td>{setUpMs === null ? '–' : threeDigits(setUpMs)}</td>
      <td>{intact ? '✓ yes' : '✕ NO'}</td>
    </tr>
  )
}
