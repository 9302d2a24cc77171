import { IpcError } from '@ipc/core'
import {
  AWAKE,
  BLOCKED,
  MAX_PARTICIPANTS,
  OBJECTS_CREATING,
  OBJECTS_PARTICIPANTS,
  PARKED,
  PARTICIPANT_BELL,
  PARTICIPANT_BYTES,
  PARTICIPANT_EPOCH,
  PARTICIPANT_MODE,
  PARTICIPANT_PID,
  PARTICIPANT_STATE,
  PARTICIPANT_WAKE,
  SLOT_FREE,
  SLOT_JOINING,
  SLOT_LIVE,
} from '../layout.js'
import type { Bells, BellToken } from './bell.js'
import type { Futex } from './futex.js'
import type { Waker } from './wait-event.js'

/** What {@link Participants} needs of the region. */
export interface ParticipantsInit {
  /** Names the region in messages. */
  readonly what: string
  /** The whole region. */
  readonly words: Int32Array
  /** Where the payload begins, in bytes. */
  readonly payload: number
  readonly futex: Futex
  /** Between processes; `undefined` for regions of threads. */
  readonly bells: Bells | undefined
}

/** The threads that take part in the objects of a region: a slot for each, by which the others wake it. */
export class Participants implements Waker {
  readonly words: Int32Array
  readonly futex: Futex
  readonly bells: Bells | undefined
  readonly #what: string
  readonly #payload: number

  constructor({ what, words, payload, futex, bells }: ParticipantsInit) {
    this.#what = what
    this.words = words
    this.futex = futex
    this.bells = bells
    this.#payload = payload
  }

  /** Index of a word of a participant's slot. */
  word(participant: number, field: number): number {
    return (this.#payload + OBJECTS_PARTICIPANTS + participant * PARTICIPANT_BYTES + field) >> 2
  }

  /**
   * Take a slot for this thread.
   *
   * @returns its number.
   * @throws IpcError `IPC_OUT_OF_MEMORY` when all are taken by the living.
   */
  join(token: BellToken): number {
    const slot = this.#takeFree() ?? this.#takeOfDead()
    if (slot === undefined) {
      throw new IpcError(
        'IPC_OUT_OF_MEMORY',
        `${this.#what} has ${MAX_PARTICIPANTS} participants, which is the most`,
      )
    }
    const { words } = this
    Atomics.add(words, this.word(slot, PARTICIPANT_EPOCH), 1)
    Atomics.store(words, this.word(slot, PARTICIPANT_MODE), AWAKE)
    words[this.word(slot, PARTICIPANT_PID)] = globalThis.process?.pid ?? 0
    words[this.word(slot, PARTICIPANT_BELL)] = token.high
    words[this.word(slot, PARTICIPANT_BELL) + 1] = token.low
    // Release: pairs with the load in lives(), which reads the bell after it.
    Atomics.store(words, this.word(slot, PARTICIPANT_STATE), SLOT_LIVE)
    return slot
  }

  /** Give the slot back. */
  leave(slot: number): void {
    Atomics.store(this.words, this.word(slot, PARTICIPANT_STATE), SLOT_FREE)
  }

  /** Wake a participant, if it sleeps. */
  wake(participant: number): void {
    const { words } = this
    const wake = this.word(participant, PARTICIPANT_WAKE)
    const mode = this.word(participant, PARTICIPANT_MODE)
    // Before the mode is looked at: a participant stores its mode, then looks whether this has changed.
    Atomics.add(words, wake, 1)
    const seen = Atomics.load(words, mode)
    if (seen === AWAKE) return
    if (seen === BLOCKED || this.bells === undefined) this.futex.unblock(wake)
    // One ring for all that happens until the participant looks.
    else if (Atomics.compareExchange(words, mode, PARKED, AWAKE) === PARKED)
      this.bells.ring(this.#token(participant))
  }

  /** How often the slot has been taken: tells apart those who have it one after the other. */
  epoch(participant: number): number {
    return Atomics.load(this.words, this.word(participant, PARTICIPANT_EPOCH))
  }

  /**
   * Whether the thread that has the slot is not known to be dead.
   *
   * @param epoch - The one that is meant; by default whoever has it now.
   */
  lives(participant: number, epoch?: number): boolean {
    if (epoch !== undefined && epoch !== this.epoch(participant)) return false
    // Acquire: pairs with the store in join().
    const state = Atomics.load(this.words, this.word(participant, PARTICIPANT_STATE))
    if (state !== SLOT_LIVE) return state === SLOT_JOINING
    return this.bells === undefined || this.bells.lives(this.#token(participant))
  }

  #token(participant: number): BellToken {
    const bell = this.word(participant, PARTICIPANT_BELL)
    return { high: this.words[bell] as number, low: this.words[bell + 1] as number }
  }

  #takeFree(): number | undefined {
    for (let slot = 0; slot < MAX_PARTICIPANTS; slot++) {
      if (this.#claim(slot, SLOT_FREE)) return slot
    }
    return undefined
  }

  #takeOfDead(): number | undefined {
    for (let slot = 0; slot < MAX_PARTICIPANTS; slot++) {
      const epoch = this.epoch(slot)
      if (this.lives(slot) || !this.#claim(slot, SLOT_LIVE)) continue
      if (this.epoch(slot) === epoch) {
        // It may have died while it created an object: whoever waits for that must not wait for this thread.
        const creating = (this.#payload + OBJECTS_CREATING) >> 2
        Atomics.compareExchange(this.words, creating, slot + 1, 0)
        return slot
      }
      // Somebody else took it after it was found dead: it is theirs.
      Atomics.compareExchange(this.words, this.word(slot, PARTICIPANT_STATE), SLOT_JOINING, SLOT_LIVE)
    }
    return undefined
  }

  #claim(slot: number, from: number): boolean {
    const state = this.word(slot, PARTICIPANT_STATE)
    if (Atomics.load(this.words, state) !== from) return false
    return Atomics.compareExchange(this.words, state, from, SLOT_JOINING) === from
  }
}
