/** What time it is for a queue. Tests have their own. */
export interface Clock {
  /** Milliseconds since 1970; never goes back. */
  now(): number
  /** Call `onTime` once, about when it is `at`. The process does not wait for it, unless it is told to. */
  setTimer(at: number, onTime: () => void): ClockTimer
}

/** A timer that is set. */
export interface ClockTimer {
  cancel(): void
  /** Whether the process is to wait for it. */
  keepAlive(keeps: boolean): void
}

/** The longest delay that timers keep. Whoever is called too early looks at the clock. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** The time since this program started, added to the time of day then: leases do not end when somebody sets the clock. */
export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  setTimer(at, onTime) {
    const delayMs = Math.ceil(at - systemClock.now())
    // Browsers have numbers.
    const timer: unknown = setTimeout(onTime, Math.min(Math.max(0, delayMs), LONGEST_TIMER_MS))
    const hold = timer as { ref?(): void; unref?(): void }
    hold.unref?.()
    return {
      cancel: () => clearTimeout(timer as number),
      keepAlive: (keeps) => (keeps ? hold.ref?.() : hold.unref?.()),
    }
  },
}
