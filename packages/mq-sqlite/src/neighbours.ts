import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isIpcError, struct } from '@ipc/core'
import {
  type HeldMutex,
  type Mutex,
  mutex,
  openRegion,
  type Region,
  type SharedValue,
  sharedBytes,
  sharedValue,
} from '@ipc/shm'
import { SharedClock } from './shared-clock.js'

/** Room for the lock, the words below, and a bell for each of 128 threads. */
const REGION_BYTES = 2 ** 19
const MOST_SLOTS = 128
/** A thread that waits for the lock looks up this often. */
const PATIENCE_MS = 1000

/**
 * Words that all share, in int32, written by whoever has the lock.
 *
 * ```
 *    0   4  identity, random: tells this region from one of that name before it
 *    4   1  slots that have been in use, from the first on
 *    5   1  pages written since the last checkpoint, about
 *    6   2  a float of 64 bits: what the shared clock adds to the time since the machine started
 *    8      for each slot: queues of which messages are awaited, and those in which room is, as masks
 * ```
 */
const IDENTITY = 0
const SLOTS = 4
const PAGES = 5
const CLOCK = 6
const MASKS = 8
const WORDS = MASKS + 2 * MOST_SLOTS

const bellCodec = struct({ rings: 'u32' })
type Bell = SharedValue<{ rings: number }>

/** A time and again: the machine has been started since. Empty where the system does not say. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return ''
  }
}

/** What there may be for others in a queue, as a bit of a mask. */
export function bitOf(queue: number): number {
  return 1 << (queue & 31)
}

/**
 * The other threads and processes that have the same directory open: a lock for which they take turns, who waits for
 * what, a doorbell for each, and who still lives. Lies in shared memory, under a name made of the directory's identity.
 */
export class Neighbours {
  readonly #region: Region
  readonly #lock: Mutex
  readonly #words: Int32Array
  readonly #slot: number
  readonly #bell: Bell
  readonly #bells = new Map<number, Bell>()
  readonly clock: SharedClock
  #held: HeldMutex | undefined

  /** @param name - The same for all who open the directory, and nobody else. */
  constructor(name: string) {
    this.#region = openRegion(name, { bytes: REGION_BYTES, schema: 'ipc-mq-sqlite-1' })
    this.#lock = mutex(this.#region, 'writer')
    const bytes = sharedBytes(this.#region, 'words', { bytes: 4 * WORDS })
    this.#words = new Int32Array(bytes.buffer, bytes.byteOffset, WORDS)
    this.clock = new SharedClock(new Float64Array(bytes.buffer, bytes.byteOffset + 4 * CLOCK, 1))
    this.#slot = (this.participant & 0xff) >> 1
    this.#bell = this.#bellOf(this.#slot)
    this.lock()
    try {
      this.#join()
    } finally {
      this.unlock()
    }
  }

  /** Names this thread; see `Region.participant`. */
  get participant(): number {
    return this.#region.participant
  }

  lives(participant: number): boolean {
    return this.#region.lives(participant)
  }

  /** Tells this region from others of its name, before and after it. */
  get identity(): string {
    return [0, 1, 2, 3].map((at) => ((this.#words[IDENTITY + at] as number) >>> 0).toString(16)).join('-')
  }

  /** Blocks until it is the turn of this thread. Returns whether the last one whose turn it was died in it. */
  lock(): boolean {
    for (;;) {
      try {
        this.#held = this.#lock.lockSync({ timeoutMs: PATIENCE_MS })
        return this.#held.recovered
      } catch (error) {
        // Somebody has it, and lives. In between this thread can be told to end.
        if (!isIpcError(error, 'IPC_TIMEOUT')) throw error
      }
    }
  }

  unlock(): void {
    this.#held?.unlock()
    this.#held = undefined
  }

  /** Say what is waited for here; with the lock. */
  await(messages: number, room: number): void {
    this.#words[MASKS + 2 * this.#slot] = messages
    this.#words[MASKS + 2 * this.#slot + 1] = room
  }

  /** Wake those who wait for messages or room in one of these queues; with the lock. One that is awake costs no call. */
  ring(messages: number, room: number): void {
    const words = this.#words
    const slots = words[SLOTS] as number
    for (let slot = 0; slot < slots; slot++) {
      if (slot === this.#slot) continue
      const at = MASKS + 2 * slot
      if (((words[at] as number) & messages) === 0 && ((words[at + 1] as number) & room) === 0) continue
      const bell = this.#bellOf(slot)
      bell.set({ rings: (bell.version + 1) >>> 0 })
    }
  }

  /** Wake all: with the lock. */
  ringAll(): void {
    this.ring(-1, -1)
  }

  /** Resolves when this thread was rung since the last time. Rejects with `IPC_CLOSED` in the end. */
  async rung(): Promise<void> {
    await this.#bell.changed()
    this.#bell.get()
  }

  /** Hear of those who died. */
  onLost(listener: () => void): void {
    this.#region.onPeerLost(listener)
  }

  /** Pages written since the last checkpoint, about; with the lock. */
  get pages(): number {
    return this.#words[PAGES] as number
  }

  set pages(pages: number) {
    this.#words[PAGES] = pages
  }

  close(): void {
    this.unlock()
    this.#region.close()
  }

  #join(): void {
    const words = this.#words
    if (words[IDENTITY] === 0) {
      const random = randomBytes(16)
      for (let at = 0; at < 4; at++) words[IDENTITY + at] = random.readInt32LE(4 * at) | 1
    }
    words[SLOTS] = Math.max(words[SLOTS] as number, this.#slot + 1)
    this.clock.start()
    // Those of whoever had the slot before.
    this.await(0, 0)
  }

  #bellOf(slot: number): Bell {
    const known = this.#bells.get(slot)
    if (known !== undefined) return known
    const bell = sharedValue(this.#region, `bell-${slot}`, { codec: bellCodec })
    this.#bells.set(slot, bell)
    return bell
  }
}
