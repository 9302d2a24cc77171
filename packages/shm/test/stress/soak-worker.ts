import { openSync, writeSync } from 'node:fs'
import {
  type Consumer,
  isIpcError,
  openRegion,
  type Producer,
  type Region,
  removeRegion,
  shm,
  spscRing,
} from '@ipc/shm'
import { checkRecord, fillRecord, LONGEST_RECORD } from '../fixtures/numbered-records.js'
import { type Random, randomOf } from './random.js'
import { type Checked, HUB, KINDS, type Kind, objectsIn, REGION, type SoakObjects } from './soak-place.js'

/** What a worker is told. */
export interface WorkerArgs {
  readonly directory: string
  readonly log: string
  readonly seed: number
  readonly incarnation: number
  readonly incarnations: number
  readonly role: Role
}

/** What only one worker does at a time: write the news, or read the shaky ring. */
export type Role = 'publisher' | 'reader' | 'any'

/** In the log of the reader of the shaky ring: what came, and what was given back. */
export const LOG_CAME = 1
export const LOG_RELEASED = 2
export const LOG_BEGINS = 3
/** Words of an entry: what, from, number. */
export const LOG_WORDS = 3

const WATCHDOG_MS = 30_000
/** No wait takes longer than that before the worker does something else. */
const PATIENCE_MS = 20
const LONGEST_DAWDLE_MS = 5

/** Do what comes, as the seed says, until the supervisor says stop. Whoever finds something broken throws. */
export async function work(args: WorkerArgs): Promise<void> {
  const region = openRegion(REGION, { directory: args.directory })
  const worker = new Worker(args, objectsIn(region, args.incarnations))
  const { stop } = objectsIn(region, args.incarnations)
  while (Atomics.load(stop, 0) === 0) await worker.step()
  region.close()
}

class Worker {
  readonly #args: WorkerArgs
  readonly #objects: SoakObjects
  readonly #random: Random
  readonly #record = new Uint8Array(LONGEST_RECORD)
  readonly #steady: Producer
  readonly #shaky: Producer
  readonly #news: Consumer
  readonly #publisher: Producer | undefined
  readonly #reader: Consumer | undefined
  readonly #log: number
  #steadyCount = 0
  #shakyCount = 0
  #newsCount = 0
  #lastNews = { from: -1, number: -1 }

  constructor(args: WorkerArgs, objects: SoakObjects) {
    this.#args = args
    this.#objects = objects
    this.#random = randomOf(args.seed ^ Math.imul(args.incarnation + 1, 0x9e3779b1))
    this.#steady = objects.steady.producer()
    this.#shaky = objects.shaky.producer()
    this.#news = objects.news.consumer({ overflow: args.incarnation % 3 === 0 ? 'wait' : 'drop-oldest' })
    this.#publisher = args.role === 'publisher' ? objects.news.producer() : undefined
    this.#reader = args.role === 'reader' ? objects.shaky.consumer() : undefined
    this.#log = openSync(args.log, 'a')
    if (this.#reader !== undefined) this.#tell(LOG_BEGINS, args.incarnation, 0)
  }

  async step(): Promise<void> {
    if (this.#reader !== undefined) await this.#readShaky()
    if (this.#publisher !== undefined) await this.#publish()
    this.#readNews()
    switch (this.#random.below(10)) {
      case 0:
      case 1:
      case 2:
        return this.#writeSteady()
      case 3:
      case 4:
        return this.#writeShaky()
      case 5:
        return this.#lock()
      case 6:
        return this.#permit()
      case 7:
        return this.#lock()
      case 8:
        return this.#ringsAndRegions()
      default:
        return this.#connect()
    }
  }

  async #writeSteady(): Promise<void> {
    for (let times = 1 + this.#random.below(20); times > 0; times--) {
      const length = fillRecord(this.#record, 0, this.#args.incarnation, this.#steadyCount)
      const options = { timeoutMs: PATIENCE_MS }
      if (!(await inTime(() => this.#steady.write(this.#record.subarray(0, length), options)))) return
      // After the commit: what is counted here must come.
      Atomics.store(this.#objects.steadyCommitted, this.#args.incarnation, ++this.#steadyCount)
      this.#count('steady records')
    }
  }

  async #writeShaky(): Promise<void> {
    for (let times = 1 + this.#random.below(10); times > 0; times--) {
      const length = fillRecord(this.#record, 0, this.#args.incarnation, this.#shakyCount)
      const at = this.#shaky.tryClaim(length)
      if (at < 0) return
      this.#shaky.bytes.set(this.#record.subarray(0, length), at)
      this.#shaky.commit()
      Atomics.store(this.#objects.shakyCommitted, this.#args.incarnation, ++this.#shakyCount)
      this.#count('shaky records')
    }
  }

  async #readShaky(): Promise<void> {
    const reader = this.#reader as Consumer
    await inTime(() => reader.wait({ timeoutMs: PATIENCE_MS }))
    const read = reader.read((bytes, start, end) => {
      const { from, number } = checkRecord(bytes, start, end)
      this.#tell(LOG_CAME, from, number)
      this.#count('shaky reads')
      this.#dawdle()
    })
    if (read > 0) this.#tell(LOG_RELEASED, 0, 0)
  }

  async #publish(): Promise<void> {
    const publisher = this.#publisher as Producer
    const length = fillRecord(this.#record, 0, this.#args.incarnation, this.#newsCount)
    const options = { timeoutMs: PATIENCE_MS }
    if (!(await inTime(() => publisher.write(this.#record.subarray(0, length), options)))) return
    this.#newsCount++
    this.#count('news written')
  }

  #readNews(): void {
    this.#news.read((bytes, start, end) => {
      const { from, number } = checkRecord(bytes, start, end)
      const last = this.#lastNews
      if (from === last.from && number <= last.number) {
        throw new Error(`news ${from}.${number} came after ${last.from}.${last.number}`)
      }
      this.#lastNews = { from, number }
      this.#count('news read')
    }, 100)
  }

  async #lock(): Promise<void> {
    const { lock, invariant, value } = this.#objects
    const held = await lock.lock({ timeoutMs: WATCHDOG_MS })
    const [one, other] = invariant as unknown as [number, number]
    if (held.recovered) {
      this.#count('recovered locks')
      invariant[1] = one
    } else if (one !== other) throw new Error(`inside the mutex, ${one} and ${other} are not equal`)
    const number = one + 1
    invariant[0] = number
    this.#dawdle()
    this.#checkValue(value.get())
    value.set({ number, text: `${number}` })
    this.#count('values')
    invariant[1] = number
    held.unlock()
    this.#count('locks')
  }

  #checkValue(found: Checked | undefined): void {
    if (found !== undefined && found.text !== `${found.number}`) {
      throw new Error(`a value is torn: ${JSON.stringify(found)}`)
    }
  }

  async #permit(): Promise<void> {
    const { permits } = this.#objects
    if (!(await inTime(() => permits.acquire({ timeoutMs: PATIENCE_MS })))) return
    permits.release()
    this.#count('permits')
  }

  /** Regions that others open, use and remove at the same time. */
  #ringsAndRegions(): void {
    const { directory } = this.#args
    const name = `passing-${this.#random.below(3)}`
    let region: Region | undefined
    try {
      region = openRegion(name, { directory, bytes: 32_768 })
      const ring = spscRing(region, `of ${this.#args.incarnation % 8}`, { capacityBytes: 1024 })
      ring.producer().tryWrite(this.#record.subarray(0, 10))
      this.#count('rings and regions')
    } catch (error) {
      // Full of rings: the next one begins anew.
      if (!isIpcError(error, 'IPC_OUT_OF_MEMORY')) throw error
    }
    region?.close()
    if (this.#random.below(2) === 0) removeRegion(name, { directory })
  }

  async #connect(): Promise<void> {
    const connection = await shm({ directory: this.#args.directory, ringBytes: 4096 }).connect<
      string,
      string
    >(HUB, {
      timeoutMs: WATCHDOG_MS,
    })
    for (let times = this.#random.below(4); times >= 0; times--) {
      const text = `${this.#args.incarnation} ${times} ${'x'.repeat(this.#random.below(3000))}`
      connection.send(text)
      const back = await connection.receive({ timeoutMs: WATCHDOG_MS })
      if (back !== text) throw new Error(`${back.slice(0, 40)} came back instead of ${text.slice(0, 40)}`)
    }
    await connection.close()
    this.#count('connections')
  }

  /** Now and then, take some time: so that some of those that are killed die just here. */
  #dawdle(): void {
    if (this.#random.below(4) > 0) return
    const end = performance.now() + this.#random.below(LONGEST_DAWDLE_MS)
    while (performance.now() < end);
  }

  #count(kind: Kind): void {
    Atomics.add(this.#objects.counts, KINDS.indexOf(kind), 1)
  }

  /** In the kernel's hands at once, whatever happens to this process. */
  #tell(what: number, from: number, number: number): void {
    writeSync(this.#log, new Int32Array([what, from, number]))
  }
}

/** Whether it did not take too long. */
async function inTime(wait: () => Promise<unknown>): Promise<boolean> {
  try {
    await wait()
    return true
  } catch (error) {
    if (isIpcError(error, 'IPC_TIMEOUT')) return false
    throw error
  }
}
