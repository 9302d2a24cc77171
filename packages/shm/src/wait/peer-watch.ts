import { MAX_PARTICIPANTS } from '../layout.js'
import type { Participants } from './participants.js'

/** How often to look who has died. */
const LOOK_MS = 100

type Listener = (peer: { readonly pid: number }) => void

type Seen = ReturnType<Participants['lossesOf']>

/**
 * Tells who of the participants has died. Any of them may have cleaned up after the dead, so each watch compares what
 * the slots say about that.
 */
export class PeerWatch {
  readonly #participants: Participants
  readonly #listeners = new Set<Listener>()
  #seen: Seen[] = []
  #timer: ReturnType<typeof setInterval> | undefined

  constructor(participants: Participants) {
    this.#participants = participants
  }

  /** Returns what takes this back. */
  add(onLost: Listener): () => void {
    const listener: Listener = (peer) => onLost(peer)
    this.#listeners.add(listener)
    if (this.#timer === undefined) {
      this.#seen = this.#all()
      this.#timer = setInterval(() => this.#look(), LOOK_MS)
      this.#timer.unref?.()
    }
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.stop()
    }
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #look(): void {
    this.#participants.census()
    const before = this.#seen
    this.#seen = this.#all()
    for (const [slot, now] of this.#seen.entries()) {
      const seen = before[slot] as Seen
      // One that came and died since the last look has left its process id there.
      if (now.losses !== seen.losses) this.#tell(seen.isFree ? now.pid : seen.pid)
    }
  }

  #tell(pid: number): void {
    for (const listener of this.#listeners) {
      // What one of them throws is the application's uncaught exception, and the others are told all the same.
      try {
        listener({ pid })
      } catch (error) {
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }

  #all(): Seen[] {
    return Array.from({ length: MAX_PARTICIPANTS }, (_, slot) => this.#participants.lossesOf(slot))
  }
}
