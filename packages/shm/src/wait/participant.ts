import { IpcError, type WaitOptions } from '@ipc/core'
import { abortedError, checkDurationMs, startWait, type Wait } from '@ipc/core/internal'
import { AWAKE, BLOCKED, PARKED, PARTICIPANT_MODE, PARTICIPANT_WAKE } from '../layout.js'
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

const NO_BELL = { high: 0, low: 0 }

/** Waits that need not wait hold up the event loop no longer than this. */
const LONGEST_TURN_MS = 1
/** Such waits between two looks at the clock. */
const QUICK_WAITS = 8

/**
 * A sleeper looks by itself this often: whoever would have woken it may have been killed or stopped, between writing and
 * ringing. A look costs some system calls, since the engine tidies up after it.
 */
const LONGEST_SLEEP_MS = 30_000
/** The same for a thread that is blocked; one that is to end has to run for that. */
const LONGEST_BLOCK_MS = 2_000

interface Pending {
  readonly condition: Condition
  readonly wait: Wait<void>
}

/** This thread among the participants of a region: its waits. */
export class Participant {
  readonly id: number
  readonly #participants: Participants
  readonly #words: Int32Array
  readonly #wake: number
  readonly #mode: number
  readonly #bell: Bell | undefined
  readonly #keepAlive: KeepAlive
  readonly #pending = new Set<Pending>()
  readonly #loop: HotLoop
  readonly #spinner = new Spinner()
  #sleepTimer: ReturnType<typeof setTimeout> | undefined
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
    this.#bell = participants.bells?.hang(() => this.#rung())
    this.#keepAlive = new KeepAlive(this.#bell)
    try {
      this.id = participants.join(this.#bell?.token ?? NO_BELL)
    } catch (error) {
      this.#bell?.close()
      throw error
    }
    this.#wake = participants.word(this.id, PARTICIPANT_WAKE)
    this.#mode = participants.word(this.id, PARTICIPANT_MODE)
  }

  /**
   * Wait in the event loop, which goes on meanwhile.
   *
   * @throws IpcError `IPC_TIMEOUT`, `IPC_ABORTED`; `IPC_CLOSED` when the region is closed meanwhile.
   */
  wait(what: string, condition: Condition, options: WaitOptions | undefined): Promise<void> {
    checkOptions(options, what)
    if (condition.ready() && this.#isQuick()) return Promise.resolve()
    const wait = startWait<void>(what, options, () => this.#end(pending))
    const pending: Pending = { condition, wait }
    this.#pending.add(pending)
    this.#keepAlive.hold()
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
    const start = performance.now()
    if (this.#spinner.spin(condition, strategy, timeoutMs)) return true
    try {
      for (let left = timeoutMs; left > 0; left = timeoutMs - (performance.now() - start)) {
        if (this.#block(condition, left)) return true
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
    Atomics.store(this.#words, this.#mode, AWAKE)
    this.#participants.leave(this.id)
    this.#keepAlive.close()
    this.#bell?.close()
    // A wait of the engine that is under way would stay until the thread ends.
    if (this.#asleep) this.#participants.futex.unblock(this.#wake)
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
        this.#participants.futex.block(this.#wake, value, Math.min(timeoutMs, LONGEST_BLOCK_MS))
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
    this.#keepAlive.release()
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
    this.#sleepTimer = setTimeout(() => this.#rung(), LONGEST_SLEEP_MS)
    return true
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

function isReadyOrCorrupt(condition: Condition): boolean {
  try {
    return condition.ready()
  } catch {
    return true
  }
}
