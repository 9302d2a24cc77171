import { join } from 'node:path'
import type { Listener } from '@ipc/core'
import { net } from '@ipc/net'
import { shm } from '@ipc/shm'
import { threeDigits } from '../figures.js'
import { median } from '../measure.js'
import { CannotShow, type Measurement, type Statement } from './statement.js'

const CONNECTIONS = 30

/** What is connected over and over. */
export type Kind = 'shm' | 'net (unix)' | 'net (tcp)' | 'net (tls)'

const KINDS: readonly Kind[] = ['shm', 'net (unix)', 'net (tcp)', 'net (tls)']

/** What both processes know. */
export interface Place {
  readonly scratch: string
  readonly secret: Uint8Array
}

/** What both processes do. */
export const roles = {
  async listen(kind: Kind, place: Place): Promise<string> {
    const listener = await listenAt(kind, place)
    void acceptAll(listener)
    return listener.address
  },

  /** Connect so often, one after the other; the time of each until it is open, in milliseconds. */
  async connect(kind: Kind, address: string, place: Place, times: number): Promise<number[]> {
    const transport = transportOf(kind, place)
    const taken: number[] = []
    for (let i = 0; i < times; i++) {
      const begin = performance.now()
      const connection = await transport.connect(address)
      taken.push(performance.now() - begin)
      connection.abort()
      await connection.closed
    }
    return taken
  },
}

function transportOf(kind: Kind, { scratch, secret }: Place) {
  if (kind === 'shm') return shm({ directory: scratch })
  return kind === 'net (tls)' ? net({ secret, resume: false }) : net({ resume: false })
}

function listenAt(kind: Kind, place: Place): Promise<Listener<unknown, unknown, string>> {
  const address = {
    shm: 'memory',
    'net (unix)': `unix:${join(place.scratch, 'unix.sock')}`,
    'net (tcp)': 'tcp://127.0.0.1:0',
    'net (tls)': 'tls://127.0.0.1:0',
  }[kind]
  return transportOf(kind, place).listen(address)
}

async function acceptAll(listener: Listener<unknown, unknown, string>): Promise<void> {
  for await (const _ of listener) {
    // The other side ends it.
  }
}

export const statement: Statement = {
  number: 13,
  title: 'To set up a connection takes time.',
  isOfSpeed: true,
  async measure({ scratch, effort, results, start }) {
    const first = results.filter(({ run }) => run?.setUpMs !== undefined)
    if (first.length === 0) throw new CannotShow('no transport that sets up a connection is in this run')
    const [one, two] = await Promise.all([
      start<typeof roles>('set-up-time'),
      start<typeof roles>('set-up-time'),
    ])
    const place = { scratch, secret: crypto.getRandomValues(new Uint8Array(32)) }
    const times = Math.max(5, Math.ceil(CONNECTIONS * effort))
    const later: Measurement[] = []
    for (const kind of KINDS) {
      const address = await one.call('listen', kind, place)
      const taken = await two.call('connect', kind, address, place, times)
      // The first one also loads what it needs.
      const value = median(taken.slice(1))
      later.push({ metric: 'set-up, later ones', subject: kind, value, unit: 'ms' })
    }
    const trips = first.map(({ run }) => (run!.setUpMs! * 1000) / run!.roundTrip.p50Micros)
    const all = [...first.map(({ run }) => run!.setUpMs!), ...later.map(({ value }) => value)]
    const [least, most] = [Math.min(...trips), Math.max(...trips)]
    return {
      shown: least > 1,
      figure:
        `${threeDigits(Math.min(...all))} to ${threeDigits(Math.max(...all))} ms, as long as ${threeDigits(least)} to ` +
        `${threeDigits(most)} round trips of the same transport`,
      how:
        'From connect until open: the median over the phases of this run, each between new processes, and over ' +
        `${times - 1} further connections between two processes that have connected before.`,
      measurements: [
        ...first.map(({ transport, run }) => ({
          metric: 'set-up, new processes',
          subject: transport.label,
          value: run!.setUpMs!,
          unit: 'ms',
        })),
        ...later,
      ],
    }
  },
}
