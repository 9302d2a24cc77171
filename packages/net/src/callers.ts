import { IpcError } from '@ipc/core'
import { startTimer } from '@ipc/core/internal'
import type { Caller } from './caller.js'

/** How many callers that have proven nothing yet are dealt with at a time. */
export const MAX_UNPROVEN = 64
/** How many of these may be of one origin. */
export const MAX_UNPROVEN_PER_ORIGIN = 8
/** How many may wait for their turn; not one byte of them is read. */
const MAX_WAITING = 1024
/** What a caller gets when others wait: an honest one needs two round trips. */
const TURN_MS = 1000
/** How often is looked whose turn is over, while somebody waits. */
const WATCH_MS = 250

/** What {@link Callers} needs. */
export interface CallersInit {
  /** From being accepted to being a connection, all in all. */
  readonly timeoutMs: number
  /** A caller was dropped. */
  refused(caller: Caller, error: IpcError): void
}

/**
 * Everybody who is not a connection yet. What strangers can take up is bounded: few are dealt with at a time, the others wait
 * unread, and when somebody waits, the oldest of those who have had their turn is dropped. So a crowd that connects at
 * once gets through, and callers who say nothing keep nobody out.
 */
export class Callers {
  readonly #init: CallersInit
  /** With what stops their deadlines. */
  readonly #all = new Map<Caller, () => void>()
  readonly #waiting = new Map<Caller, () => void>()
  /** Since when; the oldest first. */
  readonly #unproven = new Map<Caller, number>()
  readonly #perOrigin = new Map<string, number>()
  #seating = false
  #watch: ReturnType<typeof setInterval> | undefined

  constructor(init: CallersInit) {
    this.#init = init
  }

  /** `begin` is called when it is this caller's turn, at once or later; or never, when it is dropped before. */
  enter(caller: Caller, begin: () => void): void {
    const { timeoutMs } = this.#init
    const stopTimer = startTimer(timeoutMs, () => {
      const message = `${caller.address} was not through the handshake within handshakeTimeoutMs of ${timeoutMs}`
      const details = { address: caller.address, timeoutMs }
      this.refuse(caller, new IpcError('IPC_TIMEOUT', message, { details }))
    })
    this.#all.set(caller, stopTimer)
    // Under TLS nobody else hears of it.
    caller.raw.on('error', ignore)
    this.#waiting.set(caller, begin)
    this.#seat()
    if (this.#waiting.size > MAX_WAITING) this.#refuseCrowded(first(this.#waiting))
  }

  /** It has proven who it is, and takes up no room of strangers any more. The deadline holds. */
  prove(caller: Caller): void {
    if (!this.#unproven.delete(caller)) return
    const { origin } = caller
    if (origin !== undefined) {
      const left = (this.#perOrigin.get(origin) ?? 1) - 1
      if (left === 0) this.#perOrigin.delete(origin)
      else this.#perOrigin.set(origin, left)
    }
    this.#seat()
  }

  /** It is a connection now, or gone. */
  leave(caller: Caller): void {
    if (caller.over) return
    caller.over = true
    this.#remove(caller)
  }

  /** It is being told why not, and reported: takes up its room until its socket is closed. */
  part(caller: Caller): void {
    const { raw } = caller
    caller.over = true
    caller.drop = () => {
      raw.destroy()
    }
    if (raw.destroyed) this.#remove(caller)
    else raw.once('close', () => this.#remove(caller))
  }

  /** Drop it, without a word to it. */
  refuse(caller: Caller, error: IpcError): void {
    if (!this.#all.has(caller)) return
    const isReported = caller.over
    caller.over = true
    this.#remove(caller)
    caller.drop()
    if (!isReported) this.#init.refused(caller, error)
  }

  /** Drop all of them: nobody listens any more. Who is being told why not is told. */
  stop(): void {
    this.#waiting.clear()
    for (const caller of [...this.#all.keys()]) {
      const isParting = caller.over
      caller.over = true
      this.#remove(caller)
      if (!isParting) caller.drop()
    }
  }

  #remove(caller: Caller): void {
    this.#all.get(caller)?.()
    this.#all.delete(caller)
    this.#waiting.delete(caller)
    this.prove(caller)
    if (this.#waiting.size === 0) this.#stopWatch()
  }

  #seat(): void {
    // What begins may be over at once.
    if (this.#seating) return
    this.#seating = true
    for (const [caller, begin] of this.#waiting) {
      if (this.#unproven.size >= MAX_UNPROVEN) break
      if (this.#isFull(caller.origin)) continue
      this.#waiting.delete(caller)
      this.#unproven.set(caller, performance.now())
      if (caller.origin !== undefined) {
        this.#perOrigin.set(caller.origin, (this.#perOrigin.get(caller.origin) ?? 0) + 1)
      }
      begin()
    }
    this.#seating = false
    if (this.#waiting.size > 0) this.#startWatch()
  }

  #isFull(origin: string | undefined): boolean {
    return origin !== undefined && (this.#perOrigin.get(origin) ?? 0) >= MAX_UNPROVEN_PER_ORIGIN
  }

  #startWatch(): void {
    // What came in while this thread was busy is read first, before anybody is judged.
    this.#watch ??= setInterval(() => setImmediate(() => this.#endTurns()), WATCH_MS).unref()
  }

  #stopWatch(): void {
    clearInterval(this.#watch)
    this.#watch = undefined
  }

  #endTurns(): void {
    for (const waiter of [...this.#waiting.keys()]) {
      if (!this.#waiting.has(waiter)) continue
      const blocker = this.#blockerOf(waiter)
      if (blocker !== undefined) this.#refuseCrowded(blocker)
    }
  }

  /** The oldest one in the way of `waiter`, if it has had its turn. */
  #blockerOf(waiter: Caller): Caller | undefined {
    const full = this.#isFull(waiter.origin)
    for (const [caller, since] of this.#unproven) {
      if (performance.now() - since < TURN_MS) return undefined
      if (!full || caller.origin === waiter.origin) return caller
    }
    return undefined
  }

  #refuseCrowded(caller: Caller): void {
    const message = `${caller.address} was dropped: it has proven nothing yet, and too many are waiting`
    const details = { address: caller.address, retryable: true }
    this.refuse(caller, new IpcError('IPC_CONNECT_FAILED', message, { details }))
  }
}

function ignore(): void {}

function first<K>(map: ReadonlyMap<K, unknown>): K {
  return map.keys().next().value as K
}
