import { json } from '@ipc/core'
import {
  type BroadcastRing,
  broadcastRing,
  type Mutex,
  mpscRing,
  mutex,
  type Region,
  type Ring,
  type Semaphore,
  type SharedValue,
  semaphore,
  sharedBytes,
  sharedValue,
} from '@ipc/shm'

/** What workers do; each kind is counted. */
export const KINDS = [
  'steady records',
  'shaky records',
  'shaky reads',
  'news written',
  'news read',
  'locks',
  'recovered locks',
  'values',
  'permits',
  'rings and regions',
  'connections',
] as const
export type Kind = (typeof KINDS)[number]

/** Whether somebody dies inside the mutex is a matter of chance: nobody can wait for that. */
export const CHANCE: Kind = 'recovered locks'

/** Names in the directory of a soak. */
export const REGION = 'soak'
export const HUB = 'hub'
export const PERMITS = 1000

/** A value with a number that is there twice. */
export interface Checked {
  readonly number: number
  readonly text: string
}

/** What is in the region. */
export interface SoakObjects {
  /** Read by the supervisor, which lives. */
  readonly steady: Ring
  /** Read by a worker, which dies. */
  readonly shaky: Ring
  readonly news: BroadcastRing
  readonly lock: Mutex
  readonly value: SharedValue<Checked>
  readonly permits: Semaphore
  /** Two words that are equal whenever nobody is inside the mutex. */
  readonly invariant: Int32Array
  readonly counts: Int32Array
  /** 1: workers are to end. */
  readonly stop: Int32Array
  /** Records that an incarnation has committed, of each ring. */
  readonly steadyCommitted: Int32Array
  readonly shakyCommitted: Int32Array
}

/** Bytes of a region for so many incarnations. */
export function regionBytes(incarnations: number): number {
  return 2 ** 19 + 8 * incarnations
}

/** Find or create all of it. */
export function objectsIn(region: Region, incarnations: number): SoakObjects {
  const words = (name: string, count: number): Int32Array => {
    const bytes = sharedBytes(region, name, { bytes: 4 * count })
    return new Int32Array(bytes.buffer, bytes.byteOffset, count)
  }
  return {
    steady: mpscRing(region, 'steady', { capacityBytes: 16_384 }),
    shaky: mpscRing(region, 'shaky', { capacityBytes: 16_384 }),
    news: broadcastRing(region, 'news', { capacityBytes: 16_384 }),
    lock: mutex(region, 'lock'),
    value: sharedValue<Checked>(region, 'value', { codec: json<Checked>(), maxBytes: 256 }),
    permits: semaphore(region, 'permits', { permits: PERMITS }),
    invariant: words('invariant', 2),
    counts: words('counts', KINDS.length),
    stop: words('stop', 1),
    steadyCommitted: words('steady committed', incarnations),
    shakyCommitted: words('shaky committed', incarnations),
  }
}
