import type { Bell } from './bell.js'

/** `setInterval` takes no longer period. */
const LONGEST_PERIOD_MS = 2 ** 31 - 1

/** Keeps the process alive while something waits: by the bell, or where there is none, by a timer. */
export class KeepAlive {
  readonly #bell: Bell | undefined
  #timer: ReturnType<typeof setInterval> | undefined
  #waits = 0

  constructor(bell: Bell | undefined) {
    this.#bell = bell
  }

  hold(): void {
    if (++this.#waits > 1) return
    if (this.#bell !== undefined) this.#bell.ref()
    else this.#timer ??= setInterval(() => {}, LONGEST_PERIOD_MS)
  }

  release(): void {
    if (--this.#waits === 0) this.#stop()
  }

  close(): void {
    this.#waits = 0
    this.#stop()
  }

  #stop(): void {
    this.#bell?.unref()
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
