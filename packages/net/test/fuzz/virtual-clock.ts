/** What is called at its time. */
interface Timer {
  dueMs: number
  readonly everyMs: number | undefined
  readonly call: () => void
}

const real = { setTimeout, clearTimeout, setInterval, clearInterval, now: performance.now }

/** Time that passes only when it is told to: timers of this process while it is installed. */
export class VirtualClock {
  nowMs = 0
  readonly #timers = new Map<object, Timer>()

  /** Timers that are still to come. */
  get pending(): number {
    return this.#timers.size
  }

  /** Take the place of the real one; returns what gives it back. */
  install(): () => void {
    const arm = (call: () => void, delayMs: number | undefined, everyMs: number | undefined): object => {
      const handle = {
        ref: () => handle,
        unref: () => handle,
        hasRef: () => true,
      }
      this.#timers.set(handle, { call, dueMs: this.nowMs + Math.max(1, delayMs ?? 1), everyMs })
      return handle
    }
    const disarm = (handle: object | undefined): void => {
      if (handle !== undefined) this.#timers.delete(handle)
    }
    Object.assign(globalThis, {
      setTimeout: (call: () => void, delayMs?: number) => arm(call, delayMs, undefined),
      setInterval: (call: () => void, delayMs?: number) => arm(call, delayMs, Math.max(1, delayMs ?? 1)),
      clearTimeout: disarm,
      clearInterval: disarm,
    })
    performance.now = () => this.nowMs
    return () => {
      const { now, ...timers } = real
      Object.assign(globalThis, timers)
      performance.now = now
    }
  }

  /** Let so much time pass; `turn` is awaited after each moment at which something happened. */
  async advance(byMs: number, turn: () => Promise<void>): Promise<void> {
    const endMs = this.nowMs + byMs
    while (true) {
      let next: [object, Timer] | undefined
      for (const entry of this.#timers)
        if (entry[1].dueMs <= endMs && entry[1].dueMs < (next?.[1].dueMs ?? Infinity)) next = entry
      if (next === undefined) break
      const [handle, timer] = next
      this.nowMs = Math.max(this.nowMs, timer.dueMs)
      if (timer.everyMs === undefined) this.#timers.delete(handle)
      else timer.dueMs = this.nowMs + timer.everyMs
      timer.call()
      await turn()
    }
    this.nowMs = endMs
  }
}
