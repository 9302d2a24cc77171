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
  PARTICIPANT_LOSSES,
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
import type { LifeLocks } from './life-locks.js'
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
  /** Between processes; `undefined` for regions of threads: these end together. */
  readonly life: LifeLocks | undefined
  /** Put right in the objects of the region what a dead participant left. May be called again for the same one. */
  recover(participant: number): void
}

/**
 * The threads that take part in the objects of a region: a slot for each. A slot belongs to whoever has its life lock,
 * so one that can be locked though it is in use is that of a dead thread; and whoever has locked it is the only one who
 * cleans up. If that one dies too, the next one begins anew: all steps may be repeated.
 */
export class Participants implements Waker {
  readonly words: Int32Array
  readonly futex: Futex
  readonly bells: Bells | undefined
  /** Names the region in messages. */
  readonly what: string
  readonly #payload: number
  readonly #life: LifeLocks | undefined
  readonly #recoverObjects: (participant: number) => void
  /** The slot of this thread, whose lock no question to the system shows. */
  #own = -1

  constructor({ what, words, payload, futex, bells, life, recover }: ParticipantsInit) {
    this.what = what
    this.words = words
    this.futex = futex
    this.bells = bells
    this.#payload = payload
    this.#life = life
    this.#recoverObjects = recover
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
  join(): number {
    const slot = this.#takeFree() ?? this.#takeOfDead()
    if (slot === undefined) {
      throw new IpcError(
        'IPC_OUT_OF_MEMORY',
        `${this.what} has ${MAX_PARTICIPANTS} participants, which is the most`,
      )
    }
    const { words } = this
    this.#own = slot
    // Whoever had the slot before is known by its epoch not to be this one.
    Atomics.add(words, this.word(slot, PARTICIPANT_EPOCH), 1)
    Atomics.store(words, this.word(slot, PARTICIPANT_MODE), AWAKE)
    words[this.word(slot, PARTICIPANT_PID)] = globalThis.process?.pid ?? 0
    this.setBell(slot, { high: 0, low: 0 })
    // Release: pairs with the loads in census() and its kin.
    Atomics.store(words, this.word(slot, PARTICIPANT_STATE), SLOT_LIVE)
    return slot
  }

  /** Give the slot back. */
  leave(slot: number): void {
    Atomics.store(this.words, this.word(slot, PARTICIPANT_STATE), SLOT_FREE)
    // After the state: who locks a slot in use takes its owner for dead.
    this.#life?.release(slot)
    this.#own = -1
  }

  /** Name the pipe by which a participant is woken. Before it says that it is parked. */
  setBell(participant: number, { high, low }: BellToken): void {
    const bell = this.word(participant, PARTICIPANT_BELL)
    this.words[bell] = high
    this.words[bell + 1] = low
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

  /** How often the slot was taken, or taken from the dead: tells apart those who have it one after the other. */
  epoch(participant: number): number {
    return Atomics.load(this.words, this.word(participant, PARTICIPANT_EPOCH))
  }

  /**
   * A participant and its epoch in one word, which is never 0: who has the slot now. When that one is dead and was
   * cleaned up after, or has left, the slot has another name.
   */
  nameOf(participant: number): number {
    return (this.epoch(participant) << 8) | (participant << 1) | 1
  }

  /** Whether the participant of that name is not known to be dead, or gone. */
  lives(name: number): boolean {
    const participant = (name & 0xff) >> 1
    if (name !== this.nameOf(participant)) return false
    // Acquire: pairs with the store in join().
    if (Atomics.load(this.words, this.word(participant, PARTICIPANT_STATE)) === SLOT_FREE) return false
    return this.#life === undefined || participant === this.#own || this.#life.isTaken(participant)
  }

  /** How many of those who had the slot have died; and the process of whoever has it, or had it last. */
  lossesOf(participant: number): { readonly losses: number; readonly pid: number; readonly isFree: boolean } {
    return {
      isFree: this.#isFree(participant),
      // Acquire: pairs with the addition in #recover().
      losses: Atomics.load(this.words, this.word(participant, PARTICIPANT_LOSSES)),
      pid: this.words[this.word(participant, PARTICIPANT_PID)] as number,
    }
  }

  /** Look who has died, and clean up after them: one of all who look does. */
  census(): void {
    const life = this.#life
    if (life === undefined) return
    for (let slot = 0; slot < MAX_PARTICIPANTS; slot++) {
      if (this.#isFree(slot) || slot === this.#own || life.isTaken(slot) || !life.take(slot)) continue
      try {
        if (!this.#isFree(slot)) this.#recover(slot)
      } finally {
        life.release(slot)
      }
    }
  }

  #token(participant: number): BellToken {
    const bell = this.word(participant, PARTICIPANT_BELL)
    return { high: this.words[bell] as number, low: this.words[bell + 1] as number }
  }

  #isFree(slot: number): boolean {
    return Atomics.load(this.words, this.word(slot, PARTICIPANT_STATE)) === SLOT_FREE
  }

  #takeFree(): number | undefined {
    for (let slot = 0; slot < MAX_PARTICIPANTS; slot++) {
      if (this.#isFree(slot) && this.#take(slot)) return slot
    }
    return undefined
  }

  #takeOfDead(): number | undefined {
    if (this.#life === undefined) return undefined
    for (let slot = 0; slot < MAX_PARTICIPANTS; slot++) if (this.#take(slot)) return slot
    return undefined
  }

  #take(slot: number): boolean {
    const state = this.word(slot, PARTICIPANT_STATE)
    if (this.#life === undefined) {
      return Atomics.compareExchange(this.words, state, SLOT_FREE, SLOT_JOINING) === SLOT_FREE
    }
    if (!this.#life.take(slot)) return false
    // Free a moment ago: taken since, by one who has died already.
    if (!this.#isFree(slot)) this.#recover(slot)
    Atomics.store(this.words, state, SLOT_JOINING)
    return true
  }

  /** Clean up after a dead participant. This thread has the lock of its slot. */
  #recover(slot: number): void {
    const { words } = this
    // First of all: if it lives after all, it notices (IPC_FENCED). Pairs with the loads in epoch().
    Atomics.add(words, this.word(slot, PARTICIPANT_EPOCH), 1)
    // Pairs with the load in lossesOf().
    Atomics.add(words, this.word(slot, PARTICIPANT_LOSSES), 1)
    const creating = (this.#payload + OBJECTS_CREATING) >> 2
    const creator = Atomics.load(words, creating)
    if (creator !== 0 && (creator & 0xff) >> 1 === slot) Atomics.compareExchange(words, creating, creator, 0)
    this.#recoverObjects(slot)
    this.bells?.remove(this.#token(slot))
    // It may have died between publishing something and waking those who wait for it.
    for (let other = 0; other < MAX_PARTICIPANTS; other++) if (!this.#isFree(other)) this.wake(other)
    Atomics.store(words, this.word(slot, PARTICIPANT_STATE), SLOT_FREE)
  }
}
