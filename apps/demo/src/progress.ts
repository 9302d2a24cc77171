import { MultiBar, type SingleBar } from 'cli-progress'
import { compact } from './figures.js'
import type { P1Report, Phase, TransportRun } from './job.js'
import type { DemoTransport } from './transports/index.js'

/** Shows a person how far the run is. */
export interface Progress {
  start(transport: DemoTransport): void
  report(transport: DemoTransport, report: P1Report): void
  done(transport: DemoTransport, run: TransportRun): void
  failed(transport: DemoTransport, why: string): void
  stop(): void
}

/** Bars where `stream` is a terminal, else lines. */
export function createProgress(transports: readonly DemoTransport[], stream: NodeJS.WriteStream): Progress {
  return stream.isTTY ? new BarProgress(transports, stream) : new LineProgress(stream)
}

const STEPS = 300
const PHASES: readonly Phase[] = ['records', 'blocks', 'round trips', 'sizes']

class BarProgress implements Progress {
  readonly #bars: MultiBar
  readonly #barOf = new Map<DemoTransport, SingleBar>()

  constructor(transports: readonly DemoTransport[], stream: NodeJS.WriteStream) {
    this.#bars = new MultiBar({
      stream,
      format: '{label} {bar} {percentage}%  {text}',
      barCompleteChar: '█',
      barIncompleteChar: '░',
      barsize: 40,
      hideCursor: true,
      autopadding: true,
      // A line that is longer than the terminal would be drawn anew with every step.
      linewrap: false,
      // Ctrl-C has an end of its own.
      gracefulExit: false,
    })
    for (const transport of transports) {
      const label = transport.label.padEnd(17)
      this.#barOf.set(transport, this.#bars.create(STEPS, 0, { label, text: '' }))
    }
  }

  start(transport: DemoTransport): void {
    this.#barOf.get(transport)?.update(0, { text: 'starting' })
  }

  report(transport: DemoTransport, report: P1Report): void {
    if (report.type !== 'phase' && report.type !== 'progress') return
    const fraction = report.type === 'progress' ? report.fraction : 0
    const messages = report.type === 'progress' ? report.messages : 0
    const sent = messages === 0 ? '' : `: ${compact(messages)} messages`
    const step = (PHASES.indexOf(report.phase) + fraction) * (STEPS / PHASES.length)
    this.#barOf.get(transport)?.update(Math.floor(step), { text: report.phase + sent })
  }

  done(transport: DemoTransport, run: TransportRun): void {
    this.#barOf.get(transport)?.update(STEPS, { text: summary(run) })
  }

  failed(transport: DemoTransport, why: string): void {
    this.#barOf.get(transport)?.update({ text: why })
  }

  stop(): void {
    this.#bars.stop()
  }
}

class LineProgress implements Progress {
  readonly #stream: NodeJS.WriteStream

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream
  }

  start(): void {}

  report({ label }: DemoTransport, report: P1Report): void {
    if (report.type !== 'phase') return
    const p2 = report.p2 === undefined ? 'P2 a thread of it' : `P2 pid ${report.p2}`
    this.#stream.write(`${label}: ${report.phase}, P1 pid ${report.p1}, ${p2}\n`)
  }

  done({ label }: DemoTransport, run: TransportRun): void {
    this.#stream.write(`${label}: ${summary(run)}\n`)
  }

  failed({ label }: DemoTransport, why: string): void {
    this.#stream.write(`${label}: ${why}\n`)
  }

  stop(): void {}
}

function summary({ records }: TransportRun): string {
  return `${compact(records.messages / records.seconds)} messages/s`
}
