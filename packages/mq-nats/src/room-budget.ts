import { type Condition, NEVER } from './publication.js'

/** Part of the room that one sender takes at a time. */
const SHARE = 1 / 16
/** After so long others may have taken it. */
const VALID_MS = 1000

/** How full a stream is. */
export interface Room {
  readonly messages: number
  readonly bytes: number
  /** The number of its last message. */
  readonly lastSeq: number
}

/**
 * What may be sent before somebody has to look how full the stream is. The limits of the server are no help:
 *
 * - one in bytes it (2.9) compares with the message alone, and removes the oldest message when the new one does not fit with what it
 *   costs to store.
 * - one in messages is kept when a server (before 2.11) starts again, too, by removal of the oldest messages. After a crash there
 *   are more than before: it has not written down yet what was acknowledged last.
 *
 * Both would lose messages that nobody has acknowledged. So there are none, and senders keep them. Where there is room for
 * few messages, each is sent on condition that nobody else has sent one meanwhile. Otherwise several may exceed a limit by what
 * they have under way.
 */
export class RoomBudget {
  readonly #look: () => Promise<Room | undefined>
  #messages = 0
  #bytes = 0
  #condition: Condition | undefined
  #lookedAt = 0

  /** @param look - How much room there is; nothing when that is not known. */
  constructor(look: () => Promise<Room | undefined>) {
    this.#look = look
  }

  covers(bytes: number): boolean {
    return this.#messages >= 1 && bytes <= this.#bytes && performance.now() - this.#lookedAt < VALID_MS
  }

  /** What holds on a condition held when it was looked only. */
  expire(): void {
    if (this.#condition !== undefined) this.#messages = 0
  }

  /** The message is sent now: returns the condition for that. */
  spend(bytes: number): Condition | undefined {
    this.#messages--
    this.#bytes -= bytes
    return this.#condition
  }

  /** Look again, for a message of that size. Nothing may be under way meanwhile. */
  async renew(bytes: number): Promise<void> {
    const room = await this.#look()
    if (room === undefined) return
    this.#lookedAt = performance.now()
    const share = room.messages * SHARE
    const fits = room.messages >= 1 && room.bytes >= bytes
    if (!fits) this.#condition = NEVER
    else this.#condition = share < 1 ? ['Nats-Expected-Last-Sequence', String(room.lastSeq)] : undefined
    this.#messages = fits ? Math.max(1, share) : 1
    this.#bytes = Math.max(bytes, room.bytes * SHARE)
  }
}
