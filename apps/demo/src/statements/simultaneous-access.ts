import { openRegion, type Region } from '@ipc/shm'
import { compact } from '../figures.js'
import type { Statement } from './statement.js'

const REGION_BYTES = 4096
const SECONDS = 0.4
/** No process waits longer for the other one. */
const PATIENCE_MS = 10_000

/** Words of the region, each in a cache line of its own. */
const TOTAL = 0
const PRESENT = 32
const PROGRESS = [64, 96] as const

let region: Region | undefined

function words(): Int32Array {
  if (region === undefined) throw new Error('open the region first')
  return new Int32Array(region.bytes.buffer, region.bytes.byteOffset, REGION_BYTES / 4)
}

/** What one process did while both were at work. */
export interface Work {
  readonly additions: number
  /** How often the other one's progress was found changed. */
  readonly seen: number
}

/** What both processes do. */
export const roles = {
  create(directory: string): void {
    region = openRegion('shared', { directory, bytes: REGION_BYTES, exclusive: true })
  },

  attach(directory: string): void {
    region = openRegion('shared', { directory })
  },

  /** Add to the common word, write the own one and read the other's, for a time, as soon as both are there. */
  work(own: 0 | 1, seconds: number): Work {
    const memory = words()
    Atomics.add(memory, PRESENT, 1)
    const patience = performance.now() + PATIENCE_MS
    while (Atomics.load(memory, PRESENT) < 2) {
      if (performance.now() > patience) throw new Error('the other process never came')
    }
    const end = performance.now() + seconds * 1000
    let additions = 0
    let seen = 0
    let last = 0
    while ((additions & 1023) !== 0 || performance.now() < end) {
      Atomics.add(memory, TOTAL, 1)
      Atomics.store(memory, PROGRESS[own], ++additions)
      const other = Atomics.load(memory, PROGRESS[1 - own] as number)
      if (other !== last) seen++
      last = other
    }
    return { additions, seen }
  },

  total: (): number => Atomics.load(words(), TOTAL),
}

export const statement: Statement = {
  number: 1,
  title: 'One process creates a region; others attach it, and read and write it simultaneously.',
  async measure({ scratch, effort, start }) {
    const creator = await start<typeof roles>('simultaneous-access')
    const other = await start<typeof roles>('simultaneous-access')
    await creator.call('create', scratch)
    await other.call('attach', scratch)
    const seconds = SECONDS * effort
    const [one, two] = await Promise.all([creator.call('work', 0, seconds), other.call('work', 1, seconds)])
    const total = await creator.call('total')
    const additions = one.additions + two.additions
    return {
      shown: total === additions && one.seen > 0 && two.seen > 0,
      figure:
        `${compact(total)} of ${compact(additions)} additions to one word arrived; each process saw the other's word ` +
        `change ${compact(one.seen)} and ${compact(two.seen)} times while it wrote its own`,
      how: `Processes ${creator.pid} and ${other.pid} attached one named region and wrote it at the same time for ${seconds} s.`,
      measurements: [
        { metric: 'additions', subject: 'creator', value: one.additions, unit: '' },
        { metric: 'additions', subject: 'attached', value: two.additions, unit: '' },
        { metric: 'changes seen', subject: 'creator', value: one.seen, unit: '' },
        { metric: 'changes seen', subject: 'attached', value: two.seen, unit: '' },
      ],
    }
  },
}
