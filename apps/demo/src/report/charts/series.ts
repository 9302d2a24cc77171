import type { TransportDocument } from '../json.js'

/** A transport that has run. */
export type Measured = Exclude<TransportDocument, { readonly failure: unknown }>

/** How one transport looks in every chart: colour, marker and dashes, each of which suffices. */
export interface Look {
  readonly short: string
  readonly colour: string
  readonly symbol: string
  readonly dash: string
}

/** Shared memory is drawn in solid lines of one colour; what passes messages is told apart by all three. */
const LOOKS: Readonly<Record<string, Look>> = {
  shm: { short: 'shm', colour: 'var(--shared)', symbol: 'circle', dash: 'none' },
  'shm-threads': { short: 'shm', colour: 'var(--shared)', symbol: 'circle', dash: 'none' },
  'net-unix': { short: 'net unix', colour: 'var(--second)', symbol: 'square', dash: '6 3' },
  'net-tcp': { short: 'net tcp', colour: 'var(--third)', symbol: 'triangle', dash: '2 3' },
  'mq-child': { short: 'mq child', colour: 'var(--fourth)', symbol: 'diamond', dash: '8 3 2 3' },
  'mq-worker': { short: 'mq worker', colour: 'var(--fourth)', symbol: 'diamond', dash: '8 3 2 3' },
  'node-process-send': { short: 'process.send', colour: 'var(--fifth)', symbol: 'times', dash: '1 4' },
  'node-postmessage': { short: 'postMessage', colour: 'var(--fifth)', symbol: 'times', dash: '1 4' },
}

const UNKNOWN: Look = { short: '?', colour: 'currentColor', symbol: 'plus', dash: 'none' }

/** How this transport looks. */
export function lookOf({ id, label }: Pick<Measured, 'id' | 'label'>): Look {
  return LOOKS[id] ?? { ...UNKNOWN, short: label }
}

/** Those that have run. */
export function measuredOf(transports: readonly TransportDocument[]): Measured[] {
  return transports.filter((transport): transport is Measured => !('failure' in transport))
}
