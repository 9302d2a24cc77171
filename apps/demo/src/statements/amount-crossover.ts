import { join } from 'node:path'
import { bytes, type Connection, type ConnectionOptions, isIpcError } from '@ipc/core'
import { net } from '@ipc/net'
import { openRegion, type Region, removeRegion } from '@ipc/shm'
import { byteSize, threeDigits } from '../figures.js'
import type { Actor } from './actor.js'
import { type Curve, crossover, lowestOf } from './crossover.js'
import type { Measurement, Statement } from './statement.js'

/** 16 B to 16 MiB. */
const SIZES = Array.from({ length: 11 }, (_, step) => 16 * 4 ** step)
const LARGEST_BYTES = SIZES.at(-1)!
const WARM_UP_BYTES = 1000
const FIRSTS = 7
const FURTHER = 20
/** Before the data in a region: how many deliveries are there, and how many were taken. */
const CONTROL_BYTES = 128
const READY = 0
const TAKEN = 16
/** The receiver looks at a byte of each cache line. */
const LINE_BYTES = 64
/** No wait takes longer. */
const PATIENCE_MS = 20_000

const options: ConnectionOptions<Uint8Array> = {
  codec: bytes({ views: true }),
  maxBufferedBytes: 2 * LARGEST_BYTES,
}

/** Times of deliveries of one amount, in milliseconds. */
export interface Deliveries {
  /** From no link, or no region, until the receiver has the data and this side knows. */
  readonly first: number
  /** The same with the link, or the region, that is there. */
  readonly further: number
}

/** What both processes do. */
export const roles = {
  async listen(address: string): Promise<string> {
    const listener = await net({ resume: false }).listen<Uint8Array>(address, options)
    void acceptAll(listener)
    return listener.address
  },

  /** Over a new connection each time. */
  async overConnections(address: string, size: number, times: number): Promise<Deliveries> {
    const data = new Uint8Array(size).fill(1)
    const firsts: number[] = []
    const further: number[] = []
    for (let i = 0; i < times; i++) {
      const begin = performance.now()
      const connection = await net({ resume: false }).connect<Uint8Array>(address, options)
      await deliver(connection, data)
      firsts.push(performance.now() - begin)
      if (i === times - 1) await repeat(() => deliver(connection, data), further)
      connection.abort()
      await connection.closed
    }
    return lowest(firsts, further)
  },

  /** Through a new region each time; the other process attaches it as soon as it is there. */
  throughRegions(directory: string, size: number, times: number): Deliveries {
    const data = new Uint8Array(size).fill(1)
    const firsts: number[] = []
    const further: number[] = []
    for (let i = 0; i < times; i++) {
      const begin = performance.now()
      const region = openRegion(`${size}-${i}`, { directory, bytes: CONTROL_BYTES + size, exclusive: true })
      put(region, data, 1)
      firsts.push(performance.now() - begin)
      if (i === times - 1) {
        for (let number = 2; number < 2 + FURTHER; number++) {
          const again = performance.now()
          put(region, data, number)
          further.push(performance.now() - again)
        }
      }
      region.close()
      removeRegion(`${size}-${i}`, { directory })
    }
    return lowest(firsts, further)
  },

  /** The other side of that. */
  takeFromRegions(directory: string, size: number, times: number): number {
    let sum = 0
    for (let i = 0; i < times; i++) {
      const region = attach(`${size}-${i}`, directory)
      const deliveries = i === times - 1 ? 1 + FURTHER : 1
      for (let number = 1; number <= deliveries; number++) sum += take(region, number)
      region.close()
    }
    return sum
  },
}

/** Others may disturb: the lowest of some times is what the path itself takes. */
function lowest(firsts: readonly number[], further: readonly number[]): Deliveries {
  return { first: Math.min(...firsts), further: Math.min(...further) }
}

async function acceptAll(listener: AsyncIterable<Connection<Uint8Array>>): Promise<void> {
  for await (const connection of listener) {
    connection.onMessage((data) => connection.send(Uint8Array.of(touch(data) & 0xff)))
  }
}

async function deliver(connection: Connection<Uint8Array>, data: Uint8Array): Promise<void> {
  connection.send(data)
  await connection.receive({ timeoutMs: PATIENCE_MS })
}

async function repeat(once: () => Promise<void>, taken: number[]): Promise<void> {
  for (let i = 0; i < FURTHER; i++) {
    const begin = performance.now()
    await once()
    taken.push(performance.now() - begin)
  }
}

function control({ bytes: memory }: Region): Int32Array {
  return new Int32Array(memory.buffer, memory.byteOffset, CONTROL_BYTES / 4)
}

/** Copy the data into the region, say so, and wait until it is taken. */
function put(region: Region, data: Uint8Array, number: number): void {
  const words = control(region)
  region.bytes.set(data, CONTROL_BYTES)
  Atomics.store(words, READY, number)
  until(() => Atomics.load(words, TAKEN) === number)
}

/** Wait for the data, use it where it lies, and say so. */
function take(region: Region, number: number): number {
  const words = control(region)
  until(() => Atomics.load(words, READY) === number)
  const sum = touch(region.bytes.subarray(CONTROL_BYTES))
  Atomics.store(words, TAKEN, number)
  return sum
}

function attach(name: string, directory: string): Region {
  let region: Region | undefined
  until(() => {
    try {
      region = openRegion(name, { directory })
    } catch (error) {
      if (!isIpcError(error, 'IPC_CONNECT_FAILED')) throw error
    }
    return region !== undefined
  })
  return region!
}

function touch(data: Uint8Array): number {
  let sum = 0
  for (let i = 0; i < data.length; i += LINE_BYTES) sum += data[i]!
  return sum
}

function until(condition: () => boolean): void {
  const patience = performance.now() + PATIENCE_MS
  while (!condition()) if (performance.now() > patience) throw new Error('the other process never came')
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
  async measure({ scratch, effort, start }) {
    const near = await start<typeof roles>('amount-crossover')
    const far = await start<typeof roles>('amount-crossover')
    const times = Math.max(3, Math.ceil(FIRSTS * effort))
    const shared = await sweep('shared region', async (size) => {
      const [deliveries] = await Promise.all([
        near.call('throughRegions', scratch, size, times),
        far.call('takeFromRegions', scratch, size, times),
      ])
      return deliveries
    })
    const passing = [
      await overSocket('net (unix)', `unix:${join(scratch, 'amounts.sock')}`, near, far, times),
      await overSocket('net (tcp)', 'tcp://127.0.0.1:0', near, far, times),
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
        'From no link and no region until another process had the data and the first one knew: a region was created, attached ' +
        'and read in place, or a socket connected and a message sent; the best of ' +
        `${times} times, and of the faster socket.`,
      measurements: [shared, ...passing].flatMap(measurementsOf),
    }
  },
}

async function overSocket(
  subject: string,
  at: string,
  near: Actor<typeof roles>,
  far: Actor<typeof roles>,
  times: number,
): Promise<Way> {
  const address = await far.call('listen', at)
  return sweep(subject, (size) => near.call('overConnections', address, size, times))
}

async function sweep(subject: string, measure: (size: number) => Promise<Deliveries>): Promise<Way> {
  // So that machine code is there for what counts.
  await measure(WARM_UP_BYTES)
  const taken: (readonly [number, Deliveries])[] = []
  for (const size of SIZES) taken.push([size, await measure(size)])
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
