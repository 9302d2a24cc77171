import { join } from 'node:path'
import { bytes, type Connection, type ConnectionOptions, type Transport } from '@ipc/core'
import { net } from '@ipc/net'
import { shm } from '@ipc/shm'
import { byteSize, threeDigits } from '../figures.js'
import type { Actor } from './actor.js'
import { type Curve, crossover, lowestOf } from './crossover.js'
import type { Measurement, Statement } from './statement.js'

/** 16 B to 256 MiB. */
const SIZES = Array.from({ length: 13 }, (_, step) => 16 * 4 ** step)
const WARM_UP_BYTES = 1_000_000
/** Twice as many to begin with. */
const MANY = 9
/** Large amounts, which take long enough to be measured well, are delivered fewer times. */
const LARGE_BYTES = 4 * 2 ** 20
const FEW = 3
/** Larger amounts travel in messages of this size. */
const CHUNK_BYTES = 64 * 1024
/** The receiver looks at a byte of each cache line. */
const LINE_BYTES = 64
/** No wait takes longer. */
const PATIENCE_MS = 20_000

const options: ConnectionOptions<Uint8Array> = { codec: bytes({ views: true }) }

/** Times of deliveries of one amount, in milliseconds. */
export interface Deliveries {
  /** From no link until the receiver has the data and this side knows. */
  readonly first: number
  /** The same over the link that is there. */
  readonly further: number
}

/** What both processes do. */
export const roles = {
  async listen(kind: string, directory: string, address: string): Promise<string> {
    const listener = await transportOf(kind, directory).listen<Uint8Array>(address, options)
    void acceptAll(listener)
    return listener.address
  },

  /** Over a new connection each time. */
  async deliver(
    kind: string,
    directory: string,
    address: string,
    size: number,
    effort: number,
  ): Promise<Deliveries> {
    const transport = transportOf(kind, directory)
    const data = new Uint8Array(Math.min(size, CHUNK_BYTES)).fill(1)
    const isLarge = size > LARGE_BYTES
    const times = Math.max(2, Math.ceil((isLarge ? FEW : MANY) * effort))
    const firsts: number[] = []
    const further: number[] = []
    for (let i = 0; i < times; i++) {
      const begin = performance.now()
      const connection = await transport.connect<Uint8Array>(address, options)
      await deliver(connection, data, size)
      firsts.push(performance.now() - begin)
      if (i === times - 1) {
        for (let number = 0; number < times; number++) {
          const again = performance.now()
          await deliver(connection, data, size)
          further.push(performance.now() - again)
        }
      }
      connection.abort()
      await connection.closed
    }
    // Others may disturb: the lowest of some times is what the path itself takes.
    return { first: Math.min(...firsts), further: Math.min(...further) }
  },
}

function transportOf(kind: string, directory: string): Transport<string> {
  return kind === 'shm' ? shm({ directory }) : net({ resume: false })
}

async function acceptAll(listener: AsyncIterable<Connection<Uint8Array>>): Promise<void> {
  for await (const connection of listener) {
    let left = 0
    let sum = 0
    connection.onMessage((data) => {
      if (left === 0) {
        left = new DataView(data.buffer, data.byteOffset).getFloat64(0)
        return
      }
      sum += touch(data)
      left -= data.length
      if (left === 0) connection.send(Uint8Array.of(sum & 0xff))
    })
  }
}

/** Say how much will come, send it, and wait until it is there. */
async function deliver(connection: Connection<Uint8Array>, data: Uint8Array, size: number): Promise<void> {
  const announced = new Uint8Array(8)
  new DataView(announced.buffer).setFloat64(0, size)
  connection.send(announced)
  for (let sent = 0; sent < size; sent += data.length) {
    const rest = size - sent
    if (!connection.send(rest < data.length ? data.subarray(0, rest) : data)) await connection.drained()
  }
  await connection.receive({ timeoutMs: PATIENCE_MS })
}

function touch(data: Uint8Array): number {
  let sum = 0
  for (let i = 0; i < data.length; i += LINE_BYTES) sum += data[i]!
  return sum
}

/** Times of one way for all sizes. */
interface Way {
  readonly subject: string
  readonly first: Curve
  readonly further: Curve
}

export const statement: Statement = {
  number: 4,
  title: 'Shared memory suits large amounts of data, message passing small ones.',
  isOfSpeed: true,
  async measure({ scratch, effort, start }) {
    const near = await start<typeof roles>('amount-crossover')
    const far = await start<typeof roles>('amount-crossover')
    const over = (subject: string, kind: string, address: string): Promise<Way> =>
      sweep(subject, [kind, scratch, address], effort, near, far)
    const shared = await over('shared memory', 'shm', 'amounts')
    const passing = [
      await over('net (unix)', 'net', `unix:${join(scratch, 'link.sock')}`),
      await over('net (tcp)', 'net', 'tcp://127.0.0.1:0'),
    ]
    const others = lowestOf(passing.map(({ first }) => first))
    const at = crossover(others, shared.first)
    const [least, most] = [0, SIZES.length - 1].map(
      (index) =>
        `${byteSize(SIZES[index]!)} in ${threeDigits(shared.first[index]![1])} ms by shared memory, ` +
        `${threeDigits(others[index]![1])} ms by messages`,
    )
    return {
      shown: at !== undefined,
      figure: `${at === undefined ? 'no crossover' : `crossover at about ${byteSize(at)}`}: ${least}; ${most}`,
      how:
        'From no link until another process had all the data and the first one knew, over a connection in shared memory and over ' +
        'sockets, in messages of at most 64 KiB: setting up shared memory takes longer, and pays from some amount on. The best ' +
        `of ${MANY} times (${FEW} of large amounts), and of the faster socket.`,
      measurements: [shared, ...passing].flatMap(measurementsOf),
    }
  },
}

async function sweep(
  subject: string,
  [kind, directory, at]: readonly [string, string, string],
  effort: number,
  near: Actor<typeof roles>,
  far: Actor<typeof roles>,
): Promise<Way> {
  const address = await far.call('listen', kind, directory, at)
  // So that machine code is there for what counts.
  await near.call('deliver', kind, directory, address, WARM_UP_BYTES, 2)
  const taken: (readonly [number, Deliveries])[] = []
  for (const size of SIZES) {
    taken.push([size, await near.call('deliver', kind, directory, address, size, effort)])
  }
  return {
    subject,
    first: taken.map(([size, { first }]) => [size, first]),
    further: taken.map(([size, { further }]) => [size, further]),
  }
}

function measurementsOf({ subject, first, further }: Way): Measurement[] {
  const list = (metric: string, curve: Curve): Measurement[] =>
    curve.map(([size, value]) => ({ metric, subject, bytes: size, value, unit: 'ms' }))
  return [...list('first delivery', first), ...list('further delivery', further)]
}
