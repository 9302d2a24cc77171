import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundleProgram, Victims } from '@ipc/faults/crash'
import {
  type Connection,
  isIpcError,
  type Listener,
  listRegions,
  openRegion,
  type Region,
  removeRegion,
  shm,
} from '@ipc/shm'
import { waitInVain } from '../crash/asleep.js'
import { checkRecord } from '../fixtures/numbered-records.js'
import { filesOpen } from '../fixtures/open-files.js'
import { until } from '../fixtures/until-parked.js'
import { checkFlat, checkLeaks, ProgressWatch, RingHistory, type Violation, Violations } from './history.js'
import { type Random, randomOf } from './random.js'
import { ShakyLog } from './shaky-log.js'
import {
  CHANCE,
  HUB,
  KINDS,
  objectsIn,
  PERMITS,
  REGION,
  regionBytes,
  type SoakObjects,
} from './soak-place.js'
import type { Role, WorkerArgs } from './soak-worker.js'
import { WorkerSeat } from './soak-workers.js'

const ROLES: readonly Role[] = ['publisher', 'reader', 'any', 'any', 'any']
const MEAN_MS = 100
/** So many of ten are stopped for a while instead of being killed. */
const STOPS_OF_TEN = 2
const LONGEST_STOP_MS = 100
/** Each kind of work gets on at least once in this time. */
const STUCK_MS = 20_000
const LOOK_MS = 250

/** How a soak goes. */
export interface SoakOptions {
  readonly seconds: number
  readonly seed: number
}

/** What came of it. */
export interface SoakReport {
  readonly kills: number
  readonly stops: number
  readonly counts: Readonly<Record<string, number>>
  readonly redelivered: number
  readonly violations: readonly Violation[]
}

/** Have workers do all there is, kill them at any time, and check what they have done. */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const program = await bundleProgram({
    entry: new URL('./soak-program.ts', import.meta.url),
    packageUrl: new URL('../../', import.meta.url),
    external: ['koffi'],
  })
  const directory = mkdtempSync('/dev/shm/ipc-soak-')
  const before = filesOpen()
  const victims = await Promise.all(ROLES.map(() => Victims.start(program.path)))
  const supervisor = new Supervisor(directory, options)
  try {
    await supervisor.run(victims)
    await Promise.all(victims.splice(0).map((makers) => makers.end()))
    await supervisor.close()
    await until(() => filesOpen() <= before, `${filesOpen()} files are open, as before ${before}`)
    return supervisor.report
  } finally {
    await Promise.all(victims.map((makers) => makers.end()))
    rmSync(directory, { recursive: true, force: true })
    program.remove()
  }
}

class Supervisor {
  readonly #directory: string
  readonly #log: ShakyLog
  readonly #options: SoakOptions
  readonly #random: Random
  readonly #violations = new Violations()
  readonly #steady = new RingHistory('steady', this.#violations)
  readonly #shaky = new RingHistory('shaky', this.#violations)
  readonly #progress = new ProgressWatch(this.#violations, STUCK_MS)
  readonly #region: Region
  readonly #objects: SoakObjects
  readonly #incarnations: number
  readonly #samples: { files: number; mappings: number }[] = []
  #hub: Listener<string, string> | undefined
  #incarnation = 0
  #kills = 0
  #stops = 0
  #isOver = false

  constructor(directory: string, options: SoakOptions) {
    this.#directory = directory
    this.#options = options
    this.#random = randomOf(options.seed)
    this.#incarnations = 100 + Math.ceil((options.seconds * 1000 * 3) / MEAN_MS)
    this.#region = openRegion(REGION, { directory, bytes: regionBytes(this.#incarnations) })
    this.#objects = objectsIn(this.#region, this.#incarnations)
    const logFile = join(mkdtempSync('/tmp/ipc-soak-'), 'shaky.log')
    writeFileSync(logFile, '')
    this.#log = new ShakyLog(logFile, this.#shaky)
  }

  get report(): SoakReport {
    const counts = Object.fromEntries(KINDS.map((kind, i) => [kind, Atomics.load(this.#counts, i)]))
    return {
      kills: this.#kills,
      stops: this.#stops,
      counts,
      redelivered: this.#shaky.redelivered,
      violations: this.#violations.all,
    }
  }

  /** As they were when the region was still there. */
  #counts: Int32Array = new Int32Array(KINDS.length)

  async run(victims: readonly Victims[]): Promise<void> {
    this.#hub = await shm({ directory: this.#directory, ringBytes: 4096 }).listen<string, string>(HUB)
    const hub = this.#serveHub(this.#hub)
    const reading = this.#readSteady()
    const seats = victims.map(
      (makers, i) => new WorkerSeat(makers, ROLES[i] as Role, (role) => this.#argsOf(role), this.#violations),
    )
    const look = setInterval(() => this.#look(), LOOK_MS)
    await this.#killAll(seats)
    clearInterval(look)
    for (const seat of seats) seat.stop()
    Atomics.store(this.#objects.stop, 0, 1)
    await within(Promise.all(seats.map((seat) => seat.over)), 'all workers end')
    this.#isOver = true
    await within(reading, 'the steady ring is read to its end')
    await this.#readRestOfShaky()
    await this.#hub.close()
    await within(hub, 'the hub ends')
    this.#checkHistories()
    this.#counts = this.#objects.counts.slice()
  }

  async close(): Promise<void> {
    this.#region.close()
    // Whoever creates, waits and listens next tidies up after the dead.
    const next = openRegion('next', { directory: this.#directory, bytes: 32_768 })
    await waitInVain(next)
    next.close()
    for (const { name } of listRegions({ directory: this.#directory })) {
      removeRegion(name, { directory: this.#directory })
    }
    const listener = await shm({ directory: this.#directory }).listen(HUB)
    await listener.close()
    checkLeaks(this.#violations, 'file', [], readdirSync(this.#directory))
    checkFlat(
      this.#violations,
      'files open',
      this.#samples.map(({ files }) => files),
      5,
    )
    checkFlat(
      this.#violations,
      'mappings of regions',
      this.#samples.map(({ mappings }) => mappings),
      5,
    )
    this.#log.remove()
  }

  #argsOf(role: Role): WorkerArgs {
    const incarnation = this.#incarnation++
    if (incarnation >= this.#incarnations) throw new RangeError('more incarnations than there is room for')
    return {
      directory: this.#directory,
      log: this.#log.path,
      seed: this.#options.seed,
      incarnation,
      incarnations: this.#incarnations,
      role,
    }
  }

  /** The plan depends on the seed only; whether a worker is there to be killed, on time. */
  async #killAll(seats: readonly WorkerSeat[]): Promise<void> {
    const end = performance.now() + 1000 * this.#options.seconds
    while (performance.now() < end) {
      await sleep(this.#random.exponential(MEAN_MS))
      const seat = seats[this.#random.below(seats.length)] as WorkerSeat
      const stops = this.#random.below(10) < STOPS_OF_TEN
      const stopMs = this.#random.below(LONGEST_STOP_MS)
      if (!stops) {
        if (seat.signal('SIGKILL')) this.#kills++
      } else if (seat.signal('SIGSTOP')) {
        this.#stops++
        await sleep(stopMs)
        seat.signal('SIGCONT')
      }
    }
  }

  async #readSteady(): Promise<void> {
    const consumer = this.#objects.steady.consumer()
    const take = (bytes: Uint8Array, start: number, end: number): void => {
      try {
        this.#steady.delivered(checkRecord(bytes, start, end))
      } catch (error) {
        this.#steady.torn(String(error))
      }
    }
    // Once more after the end: what the last ones have left.
    for (let rounds = 0; rounds < 2; rounds += this.#isOver ? 1 : 0) {
      try {
        await consumer.wait({ timeoutMs: LOOK_MS })
      } catch (error) {
        if (!isIpcError(error, 'IPC_TIMEOUT')) throw error
      }
      consumer.read(take)
      this.#steady.released()
    }
  }

  async #readRestOfShaky(): Promise<void> {
    this.#log.follow()
    this.#shaky.restarted()
    const consumer = this.#objects.shaky.consumer()
    for (let isEmpty = false; !isEmpty; ) {
      isEmpty = await consumer.wait({ timeoutMs: LOOK_MS }).then(
        () => false,
        () => true,
      )
      consumer.read((bytes, start, end) => this.#shaky.delivered(checkRecord(bytes, start, end)))
    }
  }

  #checkHistories(): void {
    const { steadyCommitted, shakyCommitted, permits, invariant } = this.#objects
    const producers = Array.from({ length: this.#incarnation }, (_, i) => i)
    this.#steady.finished((from) => Atomics.load(steadyCommitted, from), producers)
    this.#shaky.finished((from) => Atomics.load(shakyCommitted, from), producers)
    if (permits.available > PERMITS || permits.available < PERMITS - this.#kills) {
      this.#violations.add('broken', `${permits.available} permits of ${PERMITS} after ${this.#kills} kills`)
    }
    const held = this.#objects.lock.lockSync({ timeoutMs: STUCK_MS })
    if (!held.recovered && invariant[0] !== invariant[1])
      this.#violations.add('broken', 'the invariant in the end')
    held.unlock()
  }

  async #serveHub(hub: Listener<string, string>): Promise<void> {
    for await (const connection of hub) void this.#echo(connection)
  }

  async #echo(connection: Connection<string, string>): Promise<void> {
    connection.onMessage((message) => void connection.send(message))
    const { code, by } = await connection.closed
    const isExpected = code === 'IPC_PEER_LOST' || (by !== 'transport' && code === undefined)
    if (!isExpected) this.#violations.add('broken', `a connection of the hub ended by ${by}: ${code}`)
  }

  #look(): void {
    this.#log.follow()
    const now = performance.now()
    for (const [i, kind] of KINDS.entries()) {
      if (kind !== CHANCE) this.#progress.look(kind, Atomics.load(this.#objects.counts, i), now)
    }
    const maps = readFileSync('/proc/self/maps', 'latin1').split('\n')
    this.#samples.push({
      files: filesOpen(),
      mappings: maps.filter((line) => line.includes(this.#directory)).length,
    })
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Whatever hangs here would hang for ever. */
async function within<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`never happened: ${what}`)), STUCK_MS + 20_000)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
