import { IpcError } from '@ipc/core'
import type { Participants } from '../wait/participants.js'
import {
  BROADCAST_READERS,
  MAX_READERS,
  READER_BYTES,
  READER_POSITION,
  READER_WHO,
} from './broadcast-layout.js'

const NOBODY = 0

/**
 * The readers of a broadcast ring that its producer waits for: a slot for each in the ring, with its position. The slot
 * names its owner, in one word, so that a dead one can be removed without harm to who has taken its place meanwhile.
 */
export class HoldingReaders {
  readonly #control: Int32Array
  readonly #participants: Participants

  /** @param control - The words of the ring. */
  constructor(control: Int32Array, participants: Participants) {
    this.#control = control
    this.#participants = participants
  }

  /**
   * Take a slot for a participant. The producer waits for its position from now on, which is that of whoever had the slot
   * before, or an older one: `move` it.
   *
   * @throws IpcError `IPC_OUT_OF_MEMORY` when all are taken by the living.
   */
  join(participant: number): number {
    const who = this.#participants.nameOf(participant)
    const slot =
      this.#take(who, (found) => found === NOBODY) ??
      this.#take(who, (found) => !this.#participants.lives(found))
    if (slot !== undefined) return slot
    throw new IpcError(
      'IPC_OUT_OF_MEMORY',
      `a ring has at most ${MAX_READERS} readers that hold the producer back`,
    )
  }

  move(slot: number, position: number): void {
    // Release: pairs with the load in slowest(); what lies before was copied.
    Atomics.store(this.#control, wordOf(slot, READER_POSITION), position)
  }

  leave(slot: number, participant: number): void {
    Atomics.compareExchange(
      this.#control,
      wordOf(slot, READER_WHO),
      this.#participants.nameOf(participant),
      NOBODY,
    )
  }

  /** The position that is the farthest behind `position`, or `position` itself. */
  slowest(position: number): number {
    let slowest = position
    for (let slot = 0; slot < MAX_READERS; slot++) {
      if (Atomics.load(this.#control, wordOf(slot, READER_WHO)) === NOBODY) continue
      // Acquire: pairs with the store in move(); the reader is done with what lies before.
      const found = Atomics.load(this.#control, wordOf(slot, READER_POSITION))
      if (((found - slowest) | 0) < 0) slowest = found
    }
    return slowest
  }

  /** Readers that died hold nobody back. Returns whether there were any. */
  removeDead(): boolean {
    let removed = false
    for (let slot = 0; slot < MAX_READERS; slot++) {
      const word = wordOf(slot, READER_WHO)
      const who = Atomics.load(this.#control, word)
      if (who === NOBODY || this.#participants.lives(who)) continue
      removed = Atomics.compareExchange(this.#control, word, who, NOBODY) === who || removed
    }
    return removed
  }

  #take(who: number, isFree: (found: number) => boolean): number | undefined {
    for (let slot = 0; slot < MAX_READERS; slot++) {
      const word = wordOf(slot, READER_WHO)
      const found = Atomics.load(this.#control, word)
      if (isFree(found) && Atomics.compareExchange(this.#control, word, found, who) === found) return slot
    }
    return undefined
  }
}

function wordOf(slot: number, field: number): number {
  return (BROADCAST_READERS + slot * READER_BYTES + field) >> 2
}
