import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { IpcError, isIpcError, struct } from '@ipc/core'
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
import { removeUnused } from '@ipc/shm/inspect'
import {
  AWAITED_MESSAGES,
  AWAITED_ROOM,
  CLOCK,
  HOLDS,
  IDENTITY,
  MEMBER,
  PAGES,
  REGION_BYTES,
  REGION_SCHEMA,
  SLOTS,
  slotWord,
  WORDS,
} from './neighbours-layout.js'
import { SharedClock } from './shared-clock.js'

/** A thread that waits for the lock looks up this often. */
const PATIENCE_MS = 1000
/** How long to try to replace the memory of another version: others who only look at it are gone in a moment. */
const REPLACE_MS = 2000
/** Between two tries, at most; each time another one, or two who try would get in each other's way again and again. */
const MOST_NAP_MS = 10

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

function slotOf(participant: number): number {
  return (participant & 0xff) >> 1
}

/**
 * The other threads and processes that have the same directory open: a lock for which they take turns, who waits for
 * what, a doorbell for each, and who still lives. Lies in shared memory, under a name made of the directory's identity.
 */
export class Neighbours {
  readonly #name: string
  readonly #region: Region
  readonly #lock: Mutex
  readonly #words: Int32Array
  readonly #slot: number
  readonly #bell: Bell
  readonly #bells = new Map<number, Bell>()
  readonly clock: SharedClock
  /** Tells this region from others of its name, before and after it. */
  readonly identity: string
  /** Whether this thread was the first one to see it. */
  #isNew = false
  #held: HeldMutex | undefined
  /** Whether the one who rang may have the lock still, but not for long. */
  #isRung = false

  /** @param name - The same for all who open the directory, and nobody else. */
  constructor(name: string) {
    this.#name = name
    this.#region = openShared(name)
    this.#lock = mutex(this.#region, 'writer')
    const bytes = sharedBytes(this.#region, 'words', { bytes: 4 * WORDS })
    this.#words = new Int32Array(bytes.buffer, bytes.byteOffset, WORDS)
    this.clock = new SharedClock(new Float64Array(bytes.buffer, bytes.byteOffset + 4 * CLOCK, 1))
    this.#slot = slotOf(this.participant)
    this.#bell = this.#bellOf(this.#slot)
    this.lock()
    try {
      this.identity = this.#join()
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

  /** Blocks until it is the turn of this thread. Returns whether the last one whose turn it was died in it. */
  lock(): boolean {
    const strategy = this.#isRung ? 'spin' : 'block'
    this.#isRung = false
    for (;;) {
      try {
        this.#held = this.#lock.lockSync({ strategy, timeoutMs: PATIENCE_MS })
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
    this.#words[slotWord(this.#slot, AWAITED_MESSAGES)] = messages
    this.#words[slotWord(this.#slot, AWAITED_ROOM)] = room
  }

  /** Say whether others would have something to give back if this thread died; with the lock. */
  hold(holds: boolean): void {
    // Pairs with the load in isAtStake().
    Atomics.store(this.#words, slotWord(this.#slot, HOLDS), Number(holds))
  }

  /** Wake those who wait for messages or room in one of these queues; with the lock. One that is awake costs no call. */
  ring(messages: number, room: number): void {
    const words = this.#words
    for (const slot of this.#others()) {
      const isForIt =
        ((words[slotWord(slot, AWAITED_MESSAGES)] as number) & messages) !== 0 ||
        ((words[slotWord(slot, AWAITED_ROOM)] as number) & room) !== 0
      if (!isForIt) continue
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
    this.#isRung = true
  }

  /** What was rung until now need not wake this thread any more; with the lock. */
  heard(): void {
    this.#bell.get()
  }

  /** Whether one of the others has something that would have to be given back. */
  isAtStake(): boolean {
    for (const slot of this.#others()) {
      // Pairs with the store in hold().
      if (Atomics.load(this.#words, slotWord(slot, HOLDS)) !== 0) return true
    }
    return false
  }

  /** Those of the others who have died. One system call for each that has the directory open. */
  lost(): number[] {
    const lost: number[] = []
    for (const slot of this.#others()) {
      // Pairs with the store in #join().
      const member = Atomics.load(this.#words, slotWord(slot, MEMBER))
      if (member !== 0 && !this.#region.lives(member)) lost.push(member)
    }
    return lost
  }

  /** Nothing is left of these: look no more after them; with the lock. */
  forget(lost: readonly number[]): void {
    for (const member of lost) {
      const slot = slotOf(member)
      if (this.#words[slotWord(slot, MEMBER)] === member) this.#vacate(slot)
    }
  }

  /** Nobody need look after this thread any more; with the lock. */
  leave(): void {
    this.#vacate(this.#slot)
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

  /** The directory could not be opened: what was made for it goes, unless somebody has it open. */
  giveUp(): void {
    this.close()
    if (this.#isNew) this.discard()
  }

  /** Nothing has to be known any more of those who were here: the memory goes, unless somebody has it open still. */
  discard(): void {
    removeUnused(this.#name)
  }

  /** Returns {@link Neighbours.identity}. */
  #join(): string {
    const words = this.#words
    if (words[IDENTITY] === 0) {
      this.#isNew = true
      const random = randomBytes(16)
      for (let at = 0; at < 4; at++) words[IDENTITY + at] = random.readInt32LE(4 * at) | 1
    }
    words[SLOTS] = Math.max(words[SLOTS] as number, this.#slot + 1)
    this.clock.start()
    // What whoever had the slot before has left.
    this.#vacate(this.#slot)
    Atomics.store(words, slotWord(this.#slot, MEMBER), this.participant)
    return [0, 1, 2, 3].map((at) => ((words[IDENTITY + at] as number) >>> 0).toString(16)).join('-')
  }

  #vacate(slot: number): void {
    for (const field of [MEMBER, HOLDS, AWAITED_MESSAGES, AWAITED_ROOM]) {
      Atomics.store(this.#words, slotWord(slot, field), 0)
    }
  }

  *#others(): Generator<number> {
    const slots = this.#words[SLOTS] as number
    for (let slot = 0; slot < slots; slot++) if (slot !== this.#slot) yield slot
  }

  #bellOf(slot: number): Bell {
    const known = this.#bells.get(slot)
    if (known !== undefined) return known
    const bell = sharedValue(this.#region, `bell-${slot}`, { codec: bellCodec })
    this.#bells.set(slot, bell)
    return bell
  }
}

/** What another version has left behind goes, if nobody has it open any more. */
function openShared(name: string): Region {
  const begin = performance.now()
  for (;;) {
    try {
      return openRegion(name, { bytes: REGION_BYTES, schema: REGION_SCHEMA })
    } catch (cause) {
      if (!isOfOther(cause)) throw cause
      const hasTime = performance.now() - begin < REPLACE_MS
      // If it was not removed here, somebody else may have done it, or looks whether he can.
      if (removeUnused(name)) continue
      if (!hasTime) throw inUse(cause)
      nap(Math.random() * MOST_NAP_MS)
    }
  }
}

function inUse(cause: IpcError): IpcError {
  const what = 'another version of @ipc/mq-sqlite has the directory open: end its processes first'
  return new IpcError('IPC_VERSION_MISMATCH', `${what} (${cause.message})`, { cause })
}

function nap(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

function isOfOther(error: unknown): error is IpcError {
  return isIpcError(error, 'IPC_PROTOCOL') || isIpcError(error, 'IPC_VERSION_MISMATCH')
}
