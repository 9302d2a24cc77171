import { IpcError, type WaitOptions } from '@ipc/core'
import { abortedError, checkDurationMs, startWait, type Wait } from '@ipc/core/internal'
import { AWAKE, BLOCKED, PARKED, PARTICIPANT_EPOCH, PARTICIPANT_MODE, PARTICIPANT_WAKE } from '../layout.js'
import type { Bell } from './bell.js'
import { HotLoop } from './hot-loop.js'
import { KeepAlive } from './keep-alive.js'
import type { Participants } from './participants.js'
import { Spinner, type WaitStrategy } from './spinner.js'

/** Something that can be waited for. */
export interface Condition {
  /** Whether it is there. Called often; must be cheap and change nothing that a second call could miss. */
  ready(): boolean
  /** Arrange that `participant` is woken when it may be there. `ready` is called once more after this. */
  arm(participant: number): void
  disarm(participant: number): void
  /** Whether it may have to be put right after somebody who died before it comes: then that is looked at more often. */
  isStalled?(): boolean
  /** Put it right after those who died. */
  recover?(): void
}

/** Options of waits that block the thread. */
export interface BlockOptions {
  /**
   * `spin` looks at the memory for up to a millisecond before it blocks, `block` for some microseconds. Both learn: a
   * wait that spins in vain spins for less the next time.
   *
   * @default 'block'
   */
  readonly strategy?: WaitStrategy | undefined
  /**
   * Longest wait in milliseconds.
   *
   * @default Infinity
   */
  readonly timeoutMs?: number | undefined
}

/** Waits that need not wait hold up the event loop no longer than this. */
const LONGEST_TURN_MS = 1
/** Such waits between two looks at the clock. */
const QUICK_WAITS = 8

/**
 * A sleeper looks by itself this often, and at who has died: whoever would have woken it may have been killed or
 * stopped, between writing and ringing. A look costs some system calls, since the engine tidies up after it.
 */
const LONGEST_SLEEP_MS = 2_000
/** The same while what it waits for may be held up by one who died. */
const STALLED_SLEEP_MS = 100
/** Turns of a busy event loop between two looks at the clock for that. */
const LOOK_TURNS = 256

interface Pending {
  readonly condition: Condition
  readonly wait: Wait<void>
}

/** This thread among the participants of a region: its waits. */
export class Participant {
  readonly id: number
  /** This thread and its time in that slot, in one word: see `Participants.nameOf`. */
  readonly name: number
  readonly #participants: Participants
  readonly #words: Int32Array
  readonly #wake: number
  readonly #mode: number
  /** Where the epoch of the slot is, and what it is as long as the slot is that of this thread. */
  readonly #seat: number
  readonly #epoch: number
  #bell: Bell | undefined
  #keepAlive: KeepAlive | undefined
  readonly #pending = new Set<Pending>()
  readonly #loop: HotLoop
  readonly #spinner = new Spinner()
  #sleepTimer: ReturnType<typeof setTimeout> | undefined
  /** When it was last looked who died, and the turns of the event loop since. */
  #lookedAt = 0
  #turns = 0
  /** Waits that did not wait, since the clock was looked at; and its time at the first look after a turn of the loop. */
  #quickWaits = 0
  #turnMs = 0
  #turned = false
  #asleep = false
  #left = false

  constructor(participants: Participants) {
    this.#participants = participants
    this.#words = participants.words
    this.#loop = new HotLoop({ work: () => this.#settleReady(), park: () => this.#park() })
    // So that nothing stays of those who were here before, and died with nobody there to notice. Before this thread has a
    // slot, which it could not give back if this failed.
    participants.census()
    this.id = participants.join()
    this.name = participants.nameOf(this.id)
    this.#wake = participants.word(this.id, PARTICIPANT_WAKE)
    this.#mode = participants.word(this.id, PARTICIPANT_MODE)
    this.#seat = participants.word(this.id, PARTICIPANT_EPOCH)
    this.#epoch = participants.epoch(this.id)
  }

  /**
   * Check that the slot is still that of this thread.
   *
   * @throws IpcError `IPC_FENCED` when this thread was taken for dead and has been cleaned up after.
   */
  checkSeat(): void {
    if (this.isFenced) throw fencedError(this.#participants.what)
  }

  /** Whether {@link checkSeat} throws. */
  get isFenced(): boolean {
    // Pairs with the addition in Participants.#recover().
    return Atomics.load(this.#words, this.#seat) !== this.#epoch
  }

  /**
   * Wait in the event loop, which goes on meanwhile.
   *
   * @throws IpcError `IPC_TIMEOUT`, `IPC_ABORTED`; `IPC_CLOSED` when the region is closed meanwhile; `IPC_FENCED`.
   */
  wait(what: string, condition: Condition, options: WaitOptions | undefined): Promise<void> {
    checkOptions(options, what)
    if (condition.ready() && this.#isQuick()) return Promise.resolve()
    this.checkSeat()
    const keepAlive = this.#hangBell()
    const wait = startWait<void>(what, options, () => this.#end(pending))
    const pending: Pending = { condition, wait }
    this.#pending.add(pending)
    keepAlive.hold()
    this.#loop.wake()
    return wait.promise
  }

  /**
   * Block the thread.
   *
   * @returns false when the time is over.
   */
  waitSync(
    condition: Condition,
    { strategy = 'block', timeoutMs = Number.POSITIVE_INFINITY }: BlockOptions,
  ): boolean {
    checkDurationMs('timeoutMs', timeoutMs)
    if (condition.ready()) return true
    this.checkSeat()
    const start = performance.now()
    if (this.#spinner.spin(condition, strategy, timeoutMs)) return true
    try {
      for (let left = timeoutMs; left > 0; left = timeoutMs - (performance.now() - start)) {
        if (this.#block(condition, Math.min(left, sleepMs(condition)))) return true
        this.lookIfDue(condition)
      }
      return condition.ready()
    } finally {
      condition.disarm(this.id)
      // A ring for the waits of the event loop may have come to the blocked thread.
      if (this.#pending.size > 0) this.#loop.wake()
    }
  }

  /** Give up the slot. What still waits ends with `IPC_CLOSED`. */
  leave(): void {
    if (this.#left) return
    this.#left = true
    this.#loop.stop()
    clearTimeout(this.#sleepTimer)
    for (const { condition, wait } of this.#pending) {
      condition.disarm(this.id)
      wait.reject(new IpcError('IPC_CLOSED', 'the region was closed while something waited on it'))
    }
    this.#pending.clear()
    // The slot of one who was taken for dead is somebody else's.
    if (!this.isFenced) {
      Atomics.store(this.#words, this.#mode, AWAKE)
      this.#participants.leave(this.id)
    }
    this.#keepAlive?.close()
    this.#bell?.close()
    // A wait of the engine that is under way would stay until the thread ends.
    if (this.#asleep) this.#participants.futex.unblock(this.#wake)
  }

  /** Look who has died, and put right what they left, unless that was done just now. */
  look(condition?: Condition): void {
    this.#lookedAt = performance.now()
    this.#participants.census()
    if (condition?.isStalled?.()) condition.recover?.()
  }

  /** As {@link look}, unless it was done a moment ago. */
  lookIfDue(condition?: Condition): void {
    if (performance.now() - this.#lookedAt >= STALLED_SLEEP_MS) this.look(condition)
  }

  /** The pipe by which the event loop is woken: a thread that never waits in it has none. */
  #hangBell(): KeepAlive {
    if (this.#keepAlive !== undefined) return this.#keepAlive
    const { bells } = this.#participants
    this.#bell = bells?.hang(() => this.#rung())
    if (this.#bell !== undefined) this.#participants.setBell(this.id, this.#bell.token)
    this.#keepAlive = new KeepAlive(this.#bell)
    return this.#keepAlive
  }

  #block(condition: Condition, timeoutMs: number): boolean {
    const words = this.#words
    // The value before the last look: a wake-up after that changes it, and the thread does not block.
    const value = Atomics.load(words, this.#wake)
    condition.arm(this.id)
    // Pairs with the load in Participants.wake().
    Atomics.store(words, this.#mode, BLOCKED)
    try {
      if (!condition.ready()) {
        this.#participants.futex.block(this.#wake, value, timeoutMs)
      }
    } finally {
      Atomics.store(words, this.#mode, AWAKE)
    }
    return condition.ready()
  }

  /** Whether the event loop can do without a turn of its own for a wait that need not wait. */
  #isQuick(): boolean {
    if (++this.#quickWaits < QUICK_WAITS) return true
    this.#quickWaits = 0
    const now = performance.now()
    if (this.#turned) this.#turnMs = now
    this.#turned = false
    return now - this.#turnMs < LONGEST_TURN_MS
  }

  #settleReady(): boolean {
    this.#turned = true
    // Other waits may keep the loop from ever going to sleep.
    if (++this.#turns % LOOK_TURNS === 0 && performance.now() - this.#lookedAt >= STALLED_SLEEP_MS) {
      this.#lookForAll()
    }
    let settled = false
    for (const pending of this.#pending) {
      try {
        if (!pending.condition.ready()) continue
        this.#end(pending)
        pending.wait.resolve()
      } catch (error) {
        // What is waited for is corrupt: that concerns who waits for it, and nobody else.
        this.#end(pending)
        pending.wait.reject(error)
      }
      settled = true
    }
    return settled
  }

  #end(pending: Pending): void {
    if (!this.#pending.delete(pending)) return
    pending.condition.disarm(this.id)
    this.#keepAlive?.release()
    // Another wait may be for the same: it has to be armed again.
    if (this.#pending.size > 0) this.#loop.wake()
    else clearTimeout(this.#sleepTimer)
  }

  /** Nothing came for a while: arrange to be woken, unless something came just now. */
  #park(): boolean {
    if (this.#pending.size === 0) return true
    const words = this.#words
    const value = Atomics.load(words, this.#wake)
    for (const { condition } of this.#pending) condition.arm(this.id)
    // Pairs with the load in Participants.wake().
    Atomics.store(words, this.#mode, PARKED)
    if (this.#bell === undefined) this.#sleepInEngine(value)
    for (const { condition } of this.#pending) {
      if (isReadyOrCorrupt(condition)) return this.#stayAwake()
    }
    // A wake-up has used up what was armed, and who caused it still saw this thread awake.
    if (Atomics.load(words, this.#wake) !== value) return this.#stayAwake()
    clearTimeout(this.#sleepTimer)
    const ms = this.#isAnyStalled() ? STALLED_SLEEP_MS : LONGEST_SLEEP_MS
    this.#sleepTimer = setTimeout(() => {
      this.#lookForAll()
      this.#rung()
    }, ms)
    return true
  }

  /** Look for all that wait in the event loop. */
  #lookForAll(): void {
    try {
      this.look()
      for (const { condition } of this.#pending) if (condition.isStalled?.()) condition.recover?.()
    } catch {
      // What is corrupt is told to those who wait for it, when they look themselves.
    }
  }

  #isAnyStalled(): boolean {
    for (const { condition } of this.#pending) if (condition.isStalled?.()) return true
    return false
  }

  #stayAwake(): false {
    Atomics.store(this.#words, this.#mode, AWAKE)
    return false
  }

  /** Threads of one process wake each other by the engine, without a bell. */
  #sleepInEngine(value: number): void {
    if (this.#asleep) return
    const sleep = Atomics.waitAsync(this.#words, this.#wake, value)
    if (!sleep.async) {
      queueMicrotask(() => this.#rung())
      return
    }
    this.#asleep = true
    void sleep.value.then(() => {
      this.#asleep = false
      this.#rung()
    })
  }

  #rung(): void {
    if (this.#left) return
    Atomics.store(this.#words, this.#mode, AWAKE)
    if (this.#pending.size > 0) this.#loop.runNow()
  }
}

function checkOptions(options: WaitOptions | undefined, what: string): void {
  // A wrong option is refused whether or not it would have mattered this time.
  if (options?.timeoutMs !== undefined) checkDurationMs('timeoutMs', options.timeoutMs)
  if (options?.signal?.aborted) throw abortedError(what, options.signal.reason)
}

function sleepMs(condition: Condition): number {
  return condition.isStalled?.() ? STALLED_SLEEP_MS : LONGEST_SLEEP_MS
}

function isReadyOrCorrupt(condition: Condition): boolean {
  try {
    return condition.ready()
  } catch {
    return true
  }
}

/** What a thread gets that was taken for dead, and goes on. */
export function fencedError(what: string): IpcError {
  return new IpcError(
    'IPC_FENCED',
    `this thread was taken for dead in ${what} (its file was closed?), and others have gone on without it: ` +
      'close the region, open it again, and repeat nothing that others may have done',
  )
}
