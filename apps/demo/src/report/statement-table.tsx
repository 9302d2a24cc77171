import type { JSX } from 'preact'
import { byteSize, threeDigits } from '../figures.js'
import type { Finding, Measurement } from '../statements/statement.js'

/** What a person reads of a status; the mark says the same without colour. */
const STATUS = {
  shown: { mark: '✓', words: 'Shown' },
  contradicted: { mark: '✕', words: 'Not shown' },
  failed: { mark: '!', words: 'Not shown: failed' },
  missing: { mark: '–', words: 'Not shown: not possible here' },
} as const

/** The statements with what was measured: a table, and one card for each where it is narrow. */
export function StatementTable({ findings }: { readonly findings: readonly Finding[] }): JSX.Element {
  return (
    // The roles stay when a narrow page shows rows as cards.
    // biome-ignore lint/a11y/noRedundantRoles: browsers drop the implied roles of table parts that are displayed as blocks.
    <table class="statements" role="table">
      {/* biome-ignore lint/a11y/noRedundantRoles: as above */}
      <thead role="rowgroup">
        {/* biome-ignore lint/a11y/noRedundantRoles: as above */}
        <tr role="row">
          {['No.', 'Statement', 'Status', 'What was measured'].map((title) => (
            // biome-ignore lint/a11y/noRedundantRoles: as above
            <th key={title} role="columnheader" scope="col">
              {title}
            </th>
          ))}
        </tr>
      </thead>
      {/* biome-ignore lint/a11y/noRedundantRoles: as above */}
      <tbody role="rowgroup">
        {findings.map((finding) => (
          <StatementRow key={finding.number} finding={finding} />
        ))}
      </tbody>
    </table>
  )
}

function StatementRow({ finding }: { readonly finding: Finding }): JSX.Element {
  const { number, title, shown, because, figure, how, measurements } = finding
  const status = shown ? 'shown' : (because ?? 'contradicted')
  const { mark, words } = STATUS[status]
  return (
    // biome-ignore lint/a11y/noRedundantRoles: as above
    <tr role="row" id={`statement-${number}`} data-status={status}>
      {/* biome-ignore lint/a11y/noRedundantRoles: as above */}
      <td role="cell" class="number">
        {number}
      </td>
      {/* biome-ignore lint/a11y/noRedundantRoles: as above */}
      <th role="rowheader" scope="row">
        {title}
      </th>
      {/* biome-ignore lint/a11y/noRedundantRoles: as above */}
      <td role="cell" class="status">
        <span class={`chip ${status}`}>
          <span aria-hidden="true">{mark}</span> {words}
        </span>
      </td>
      {/* biome-ignore lint/a11y/noRedundantRoles: as above */}
      <td role="cell">
        <p class="figure">{figure}</p>
        <p class="how">{how}</p>
        {measurements.length > 0 && (
          <details>
            <summary>All figures of statement {number}</summary>
            <ul>{measurements.map(measured)}</ul>
          </details>
        )}
      </td>
    </tr>
  )
}

function measured({ metric, subject, bytes, value, unit }: Measurement): JSX.Element {
  const of = bytes === undefined ? subject : `${subject}, ${byteSize(bytes)}`
  return (
    <li key={`${metric} ${of}`}>
      {metric}, {of}: <b>{Number.isInteger(value) ? value.toLocaleString('en') : threeDigits(value)}</b>{' '}
      {unit}
    </li>
  )
}
