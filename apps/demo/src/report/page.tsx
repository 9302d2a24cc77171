import type { JSX } from 'preact'
import { renderToString } from 'preact-render-to-string'
import { ChartFigure } from './chart-figure.js'
import { chartsOf } from './charts/index.js'
import type { ReportDocument } from './json.js'
import { StatementTable } from './statement-table.js'
import { STYLE } from './style.js'
import { TransportTable } from './transport-table.js'

/** No script runs and nothing is fetched: whoever opens the report can see that nothing can be. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"

/** The report of a run as one HTML file, with its data. */
export function renderPage(document: ReportDocument): string {
  return `<!doctype html>\n${renderToString(<Page document={document} />)}\n`
}

function Page({ document }: { readonly document: ReportDocument }): JSX.Element {
  const { machine, startedAt, statements } = document
  const shown = statements.filter((finding) => finding.shown).length
  const charts = chartsOf(document)
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content={POLICY} />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>Shared memory and message passing on this machine</title>
        <link rel="icon" href="data:," />
        <style dangerouslySetInnerHTML={{ __html: STYLE }} />
      </head>
      <body>
        <header>
          <h1>Shared memory and message passing, measured</h1>
          <p class="machine">
            Node {machine.node} · {machine.platform} · {machine.cores} × {machine.cpu} · load{' '}
            {machine.load.toFixed(1)} before the run ·{' '}
            <time dateTime={startedAt}>{startedAt.slice(0, 16).replace('T', ' ')} UTC</time>
          </p>
        </header>
        <main>
          {statements.length > 0 && (
            <section aria-labelledby="statements">
              <h2 id="statements">
                {shown} of {statements.length} statements shown
              </h2>
              <p>
                What is said of the two models of communication between processes, and what this machine
                measured. The numbers are of real processes, in the run that wrote this page.
              </p>
              <StatementTable findings={statements} />
            </section>
          )}
          {charts.length > 0 && (
            <section aria-labelledby="figures">
              <h2 id="figures">Figures</h2>
              <div class="charts">
                {charts.map((chart) => (
                  <ChartFigure key={chart.id} chart={chart} />
                ))}
              </div>
            </section>
          )}
          <section aria-labelledby="transports">
            <h2 id="transports">Transports</h2>
            <TransportTable document={document} />
          </section>
        </main>
        <footer>
          <p>
            Made by <code>npx -y pnpm demo</code>, which also prints these figures as JSON with{' '}
            <code>--json</code>. This page holds that document too, in the element <code>#run</code>.
          </p>
        </footer>
        <script id="run" type="application/json" dangerouslySetInnerHTML={{ __html: embedded(document) }} />
      </body>
    </html>
  )
}

/** JSON that ends no script element. */
function embedded(document: ReportDocument): string {
  return JSON.stringify(document).replaceAll('<', '\\u003c')
}
