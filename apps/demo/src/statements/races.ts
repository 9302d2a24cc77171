import { struct } from '@ipc/core'
import { mutex, openRegion, type Region, sharedBytes, sharedValue } from '@ipc/shm'
import { grouped } from '../figures.js'
import type { Actor } from './actor.js'
import type { Measurement, Stage, Statement } from './statement.js'

const REGION_BYTES = 2 ** 17
const UNLOCKED = 2_000_000
/** Where processes have to share a core, they may not meet at the first attempts, each twice as long as the one before. */
const ATTEMPTS = 9
/** A lock takes its time: fewer of them are enough. */
const LOCKED = 50_000
const READS = 500_000
const CELL_WORDS = 16
/** No process goes on for longer, whatever becomes of the other one. */
const PATIENCE_MS = 15_000

const NAMES = Array.from({ length: CELL_WORDS }, (_, word) => `w${word}`)
/** 64 bytes in which every word is the same number. */
const CELL = struct(Object.fromEntries(NAMES.map((name) => [name, 'u32'] as const)))

let region: Region | undefined

function here(): Region {
  if (region === undefined) throw new Error('open the region first')
  return region
}

function wordsOf(name: string, count: number): Int32Array {
  const bytes = sharedBytes(here(), name, { bytes: 4 * count })
  return new Int32Array(bytes.buffer, bytes.byteOffset, count)
}

function common(): Int32Array {
  return wordsOf('common', COMMON_WORDS)
}

/** Words of what both have in common. */
const PRESENT = 0
const BEGUN = 1
const STOP = 2
const COMMON_WORDS = 3

/** How a number is increased. */
export type Way = 'unprotected' | 'atomics' | 'mutex'

/** What both processes do. */
export const roles = {
  open(directory: string): void {
    region = openRegion('races', { directory, bytes: REGION_BYTES })
  },

  /** Increase the number so often, as soon as both are there. */
  increase(way: Way, times: number): void {
    const number = wordsOf(way, 1)
    const increase = increaser(way, number)
    meet()
    for (let i = 0; i < times; i++) increase()
  },

  /** The number, from which the next attempt begins anew. */
  take: (way: Way): number => Atomics.exchange(wordsOf(way, 1), 0, 0),

  /** Write the cell over and over, word by word or as a value, until told to stop. Returns how often. */
  write(protectedBySeqlock: boolean): number {
    const write = protectedBySeqlock ? valueWriter() : cellWriter()
    const shared = common()
    const end = performance.now() + PATIENCE_MS
    let number = 0
    while (Atomics.load(shared, STOP) === 0 && performance.now() < end) {
      for (let i = 0; i < 1000; i++) write(++number & 0x3fffffff)
      Atomics.store(shared, BEGUN, 1)
    }
    return number
  },

  /** Read the cell so often; returns how many reads found words of different numbers. */
  read(protectedBySeqlock: boolean, reads: number): number {
    const isWhole = protectedBySeqlock ? valueReader() : cellReader()
    const shared = common()
    until(() => Atomics.load(shared, BEGUN) === 1)
    let torn = 0
    for (let i = 0; i < reads; i++) if (!isWhole()) torn++
    Atomics.store(shared, STOP, 1)
    return torn
  },

  /** Let the next pair of calls begin anew. */
  reset(): void {
    common().fill(0, BEGUN)
  },
}

function increaser(way: Way, number: Int32Array): () => void {
  if (way === 'atomics') return () => void Atomics.add(number, 0, 1)
  const unprotected = (): void => {
    number[0] = number[0]! + 1
  }
  if (way === 'unprotected') return unprotected
  const lock = mutex(here(), 'lock')
  return () => {
    const held = lock.lockSync({ strategy: 'spin', timeoutMs: PATIENCE_MS })
    unprotected()
    held.unlock()
  }
}

/** Both begin in the same moment, or there is no race. */
function meet(): void {
  const shared = common()
  // Pairs of calls follow each other: the number of those that came is even when both are there.
  const mine = Atomics.add(shared, PRESENT, 1) | 1
  until(() => Atomics.load(shared, PRESENT) > mine)
}

function until(condition: () => boolean): void {
  const patience = performance.now() + PATIENCE_MS
  while (!condition()) if (performance.now() > patience) throw new Error('the other process never came')
}

function cellWriter(): (number: number) => void {
  const cell = wordsOf('cell', CELL_WORDS)
  return (number) => {
    for (let word = 0; word < CELL_WORDS; word++) cell[word] = number
  }
}

function cellReader(): () => boolean {
  const cell = wordsOf('cell', CELL_WORDS)
  const copy = new Int32Array(CELL_WORDS)
  return () => {
    for (let word = 0; word < CELL_WORDS; word++) copy[word] = cell[word]!
    return copy.every((word) => word === copy[0])
  }
}

function valueWriter(): (number: number) => void {
  const value = sharedValue(here(), 'value', { codec: CELL })
  const cell: Record<string, number> = {}
  return (number) => {
    for (const name of NAMES) cell[name] = number
    value.set(cell)
  }
}

function valueReader(): () => boolean {
  const value = sharedValue(here(), 'value', { codec: CELL })
  return () => {
    const found = value.get()
    return found === undefined || NAMES.every((name) => found[name] === found[NAMES[0]!])
  }
}

type Side = Actor<typeof roles>

export const statement: Statement = {
  number: 6,
  title: 'Processes must not write the same place at once: the application has to see to that.',
  async measure(stage) {
    const one = await stage.start<typeof roles>('races')
    const two = await stage.start<typeof roles>('races')
    await Promise.all([one.call('open', stage.scratch), two.call('open', stage.scratch)])
    const unprotected = await untilMet(
      UNLOCKED,
      (times) => lost(stage, one, two, 'unprotected', times),
      (found) => found.lost > 0,
    )
    const atomics = await lost(stage, one, two, 'atomics', UNLOCKED)
    const locked = await lost(stage, one, two, 'mutex', LOCKED)
    const bare = await untilMet(
      READS,
      (reads) => torn(stage, one, two, false, reads),
      (found) => found.torn > 0,
    )
    const seqlock = await torn(stage, one, two, true, READS)
    return {
      shown:
        unprotected.lost > 0 &&
        atomics.lost === 0 &&
        locked.lost === 0 &&
        bare.torn > 0 &&
        seqlock.torn === 0,
      figure:
        `without a lock ${grouped(unprotected.lost)} of ${grouped(unprotected.of)} updates were lost, with a mutex ` +
        `${locked.lost} of ${grouped(locked.of)}, with atomics ${atomics.lost}; without a seqlock ${grouped(bare.torn)} of ` +
        `${grouped(bare.of)} reads were torn, with one ${seqlock.torn}`,
      how:
        'Two processes increased one number at the same time; then one wrote 64 bytes over and over while the other one ' +
        'read them and looked whether they belong together.',
      measurements: [
        lostUpdates('without a lock', unprotected),
        lostUpdates('with Atomics', atomics),
        lostUpdates('with a mutex', locked),
        tornReads('without a seqlock', bare),
        tornReads('with a seqlock', seqlock),
      ],
    }
  },
}

/** Try again, for longer, until the two have met in memory. */
async function untilMet<T>(
  times: number,
  measure: (times: number) => Promise<T>,
  haveMet: (found: T) => boolean,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const found = await measure(times * 2 ** (attempt - 1))
    if (attempt === ATTEMPTS || haveMet(found)) return found
  }
}

interface Lost {
  readonly lost: number
  readonly of: number
}

interface Torn {
  readonly torn: number
  readonly of: number
}

async function lost(stage: Stage, one: Side, two: Side, way: Way, times: number): Promise<Lost> {
  const each = Math.ceil(times * stage.effort)
  await Promise.all([one.call('increase', way, each), two.call('increase', way, each)])
  return { lost: 2 * each - (await one.call('take', way)), of: 2 * each }
}

async function torn(
  stage: Stage,
  one: Side,
  two: Side,
  protectedBySeqlock: boolean,
  times: number,
): Promise<Torn> {
  const reads = Math.ceil(times * stage.effort)
  await one.call('reset')
  const written = one.call('write', protectedBySeqlock)
  const found = await two.call('read', protectedBySeqlock, reads)
  await written
  return { torn: found, of: reads }
}

function lostUpdates(subject: string, { lost: value, of }: Lost): Measurement {
  return { metric: 'lost updates', subject, value, unit: `of ${of}` }
}

function tornReads(subject: string, { torn: value, of }: Torn): Measurement {
  return { metric: 'torn reads', subject, value, unit: `of ${of}` }
}
