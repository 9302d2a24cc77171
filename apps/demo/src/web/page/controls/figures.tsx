import type { JSX } from 'preact'
import { compact, grouped } from '../../../figures.js'

/** One number with its name. */
export interface Figure {
  /** Names it for tests. */
  readonly id: string
  readonly label: string
  readonly value: number | string
  readonly tone?: 'good' | 'bad' | undefined
}

/** A row of numbers. They change all the time, so they are no live region: who wants them reads them. */
export function Figures({ figures }: { readonly figures: readonly Figure[] }): JSX.Element {
  return (
    <dl class="figures">
      {figures.map(({ id, label, value, tone }) => (
        <div key={id} class={tone}>
          <dt>{label}</dt>
          <dd data-figure={id} data-value={value}>
            {typeof value === 'number' ? numberText(value) : value}
          </dd>
        </div>
      ))}
    </dl>
  )
}

/** Whole below a milliard. */
export function numberText(value: number): string {
  return value < 1e9 && Number.isInteger(value) ? grouped(value) : compact(value)
}

/** `120 B`, `4 KiB`, `1 MiB`. */
export function bytesText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  if (bytes < 2 ** 20) return `${trimmed(bytes / 1024)} KiB`
  return `${trimmed(bytes / 2 ** 20)} MiB`
}

function trimmed(value: number): string {
  return String(Math.round(value * 10) / 10)
}
