import { createRegion } from '@ipc/shm'
import { signal } from '@preact/signals'
import { INCREMENTS, LOOKS } from '../../limits.js'
import { RACE_REGION_BYTES, RaceCounters } from '../../processes/race-memory.js'
import type { ValueReaderReport } from '../../processes/value-reader.js'
import type { ValueWriterReport } from '../../processes/value-writer.js'
import type { LookState, RaceGuard, RaceState, ValueGuard } from '../../protocol.js'
import { type LabWorker, startWorker } from './start-worker.js'

/** Time between two looks while something runs. */
const LOOK_MS = 50

const race = signal<RaceState>({
  guard: 'none',
  running: false,
  goal: INCREMENTS.none,
  done: [0, 0],
  counter: 0,
  seconds: undefined,
})
const look = signal<LookState>({
  guard: 'none',
  running: false,
  goal: LOOKS,
  looks: 0,
  writes: 0,
  torn: 0,
  sample: undefined,
})

/** The races of the workers, as far as they are. */
export const workerRace: { readonly value: RaceState } = race
export const workerLook: { readonly value: LookState } = look

/** Let two workers count with one counter in a `SharedArrayBuffer`; they end with the race. */
export async function raceWorkers(guard: RaceGuard): Promise<void> {
  const goal = INCREMENTS[guard]
  race.value = { guard, running: true, goal, done: [0, 0], counter: 0, seconds: undefined }
  const region = createRegion(RACE_REGION_BYTES)
  const counters = new RaceCounters(region)
  const buffer = region.buffer as SharedArrayBuffer
  const over = new Countdown(2)
  const workers = await Promise.all(
    [0, 1].map((number) => startWorker({ role: 'racer', buffer, number }, over.hear)),
  )
  const start = performance.now()
  const timer = setInterval(() => {
    race.value = { ...race.value, ...counters.read() }
  }, LOOK_MS)
  await Promise.all(workers.map((worker) => worker.ask({ type: 'race', guard, count: goal })))
  await over.done
  clearInterval(timer)
  end(workers)
  const seconds = (performance.now() - start) / 1000
  race.value = { ...race.value, ...counters.read(), running: false, seconds }
}

/** Let a worker read what another one writes; they end with the last look. */
export async function lookWorkers(guard: ValueGuard): Promise<void> {
  look.value = { guard, running: true, goal: LOOKS, looks: 0, writes: 0, torn: 0, sample: undefined }
  const buffer = createRegion(RACE_REGION_BYTES).buffer as SharedArrayBuffer
  const over = new Countdown(1)
  const writer = await startWorker({ role: 'value-writer', buffer, number: 0 })
  const reader = await startWorker({ role: 'value-reader', buffer, number: 0 }, over.hear)
  const report = async (): Promise<void> => {
    const [written, read] = await Promise.all([
      writer.ask<ValueWriterReport>({ type: 'report' }),
      reader.ask<ValueReaderReport>({ type: 'report' }),
    ])
    look.value = { ...look.value, ...written, ...read }
  }
  await writer.ask({ type: 'write', guard })
  await writer.ask({ type: 'pace', pace: { paused: false, perSecond: 'max' } })
  await reader.ask({ type: 'look', guard, count: LOOKS })
  while (!over.isDone) await Promise.all([report(), Promise.race([over.done, pause()])])
  await report()
  end([writer, reader])
  look.value = { ...look.value, running: false }
}

/** Waits until so many have said that they are done. */
class Countdown {
  readonly done: Promise<void>
  #left: number
  #resolve!: () => void

  constructor(count: number) {
    this.#left = count
    this.done = new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  get isDone(): boolean {
    return this.#left === 0
  }

  readonly hear = ({ type }: { readonly type: string }): void => {
    if (type === 'done' && --this.#left === 0) this.#resolve()
  }
}

function end(workers: readonly LabWorker[]): void {
  for (const worker of workers) worker.terminate()
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, LOOK_MS))
}
