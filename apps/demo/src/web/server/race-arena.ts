import { openRegion, type Region } from '@ipc/shm'
import { INCREMENTS } from '../limits.js'
import { clock } from '../processes/orders.js'
import { RACE_REGION, RACE_REGION_BYTES, RaceCounters } from '../processes/race-memory.js'
import type { RaceGuard, RaceState } from '../protocol.js'
import { Cast } from './cast.js'
import { CommandRefused } from './panel.js'

/** Two processes that count with one counter in shared memory. */
export class RaceArena {
  readonly cast: Cast = new Cast((_, news) => {
    if (news.type === 'done') this.#done(news.at)
  })
  #region: Region | undefined
  #counters: RaceCounters | undefined
  #guard: RaceGuard = 'none'
  #racing = 0
  #startedAt = 0
  #seconds: number | undefined

  async open(): Promise<void> {
    this.#region = openRegion(RACE_REGION, { bytes: RACE_REGION_BYTES, directory: this.cast.scratch })
    this.#counters = new RaceCounters(this.#region)
    await this.#start()
  }

  get state(): RaceState {
    const { counter, done } = this.#counters?.read() ?? { counter: 0, done: [0, 0] as const }
    const goal = INCREMENTS[this.#guard]
    return { guard: this.#guard, running: this.#isRunning, goal, done, counter, seconds: this.#seconds }
  }

  async race(guard: RaceGuard): Promise<void> {
    if (this.#isRunning) throw new CommandRefused('a race is under way')
    await this.#start()
    this.#counters!.reset()
    this.#guard = guard
    this.#racing = 2
    this.#seconds = undefined
    this.#startedAt = clock()
    const order = { type: 'race', guard, count: INCREMENTS[guard] } as const
    await Promise.all([this.cast.ask('P1', order), this.cast.ask('P2', order)])
  }

  async close(): Promise<void> {
    await this.cast.close()
    this.#region?.close()
  }

  /** A racer that was killed ends the race, and the next one has another. */
  get #isRunning(): boolean {
    return this.#racing > 0 && this.cast.isRunning('P1') && this.cast.isRunning('P2')
  }

  async #start(): Promise<void> {
    await this.cast.start('P1', 'racer', { generation: 0 })
    await this.cast.start('P2', 'racer', { generation: 1 })
  }

  #done(at: number): void {
    if (--this.#racing > 0) return
    this.#seconds = (at - this.#startedAt) / 1000
    const { counter, done } = this.#counters!.read()
    this.cast.note(`race over (${this.#guard}): ${done[0] + done[1] - counter} updates lost`)
  }
}
