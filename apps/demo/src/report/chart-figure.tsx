import type { JSX } from 'preact'
import type { Chart } from './charts/chart.js'

/** Widths that are drawn; the page shows the one that fits. */
const WIDE_PX = 640
const NARROW_PX = 336

/** A chart with its caption, and its figures as a table. */
export function ChartFigure({ chart }: { readonly chart: Chart }): JSX.Element {
  const { id, title, caption, table } = chart
  return (
    <figure id={id}>
      <h3>{title}</h3>
      <div class="wide" dangerouslySetInnerHTML={{ __html: chart.draw(WIDE_PX) }} />
      <div class="narrow" dangerouslySetInnerHTML={{ __html: chart.draw(NARROW_PX) }} />
      <figcaption>{caption}</figcaption>
      <details>
        <summary>{title} as a table</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard. */}
        <section class="scroll" tabIndex={0} aria-label={`Table: ${title}`}>
          <table>
            <thead>
              <tr>
                {table.head.map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {table.rows.map(([name = '', ...cells]) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  {cells.map((cell, column) => (
                    <td key={table.head[column + 1]}>{cell}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      </details>
    </figure>
  )
}
