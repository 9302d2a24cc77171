import type { Participants } from '../wait/participants.js'
import { GAVE_UP, held, NOBODY, QUEUE_ABANDONED, SLOTS, ticketOf, whoOf, wrap } from './lock-layout.js'
import { TicketQueue } from './ticket-queue.js'

/**
 * A queue in which one ticket has its turn: the one before `granted`. Its owner frees the slot, and then moves `granted`.
 * A slot that is free for a later ticket says that the turn is over, so whoever finds that may move `granted` in place of
 * an owner who died in between, or is slow: only one does, since all expect the same value there.
 */
export class TurnQueue extends TicketQueue {
  readonly #abandoned: number

  /** Parameters as of {@link TicketQueue}. */
  constructor(words: Int32Array, offset: number, participants: Participants) {
    super(words, offset, participants)
    this.#abandoned = (offset + QUEUE_ABANDONED) >> 2
  }

  /** Whether nobody has the turn or waits for it. */
  get isIdle(): boolean {
    const next = Atomics.load(this.words, this.next)
    return next === wrap(Atomics.load(this.words, this.granted) - 1)
  }

  override tryTake(participant: number): number | undefined {
    const ticket = super.tryTake(participant)
    // The last one may have died before it moved `granted`.
    return ticket ?? (this.#isOver() && this.#moveOn() ? super.tryTake(participant) : undefined)
  }

  override finish(ticket: number, participant: number): boolean {
    if (!this.free(ticket, participant + 1)) return false
    // Pairs with the load in isGranted().
    Atomics.compareExchange(this.words, this.granted, wrap(ticket + 1), wrap(ticket + 2))
    this.settle()
    return true
  }

  override drop(ticket: number, participant: number): void {
    if (!this.isGranted(ticket)) {
      this.change(ticket, held(ticket, participant + 1), held(ticket, GAVE_UP))
      // After the exchange: pairs with that of `granted`, one of the two sees the other.
      if (this.isGranted(ticket)) this.settle()
    } else this.finish(ticket, participant)
  }

  override recover(participant: number): void {
    for (let index = 0; index < SLOTS; index++) {
      const slot = this.slot(index)
      if (whoOf(slot) !== participant + 1) continue
      // Before the slot: the next one must find it. Pairs with the load in takeAbandoned().
      if (this.isGranted(ticketOf(slot))) Atomics.store(this.words, this.#abandoned, 1)
      // It may have died before that; once the slot is free for a later ticket, nobody could.
      this.moveNext(ticketOf(slot))
      this.change(index, slot, held(ticketOf(slot), GAVE_UP))
    }
    this.settle()
  }

  /** Move the turn on to somebody who wants it, and wake whoever has it: may be called at any time. */
  settle(): void {
    this.#moveOn()
    const slot = this.slot(wrap(Atomics.load(this.words, this.granted) - 1))
    const who = whoOf(slot)
    if (who !== NOBODY && who !== GAVE_UP) this.participants.wake(who - 1)
  }

  /** Whether the last one who had the turn died while having it; then the next call says no. For the one who has it. */
  takeAbandoned(): boolean {
    // Pairs with the store in recover().
    return (
      Atomics.load(this.words, this.#abandoned) !== 0 &&
      Atomics.exchange(this.words, this.#abandoned, 0) !== 0
    )
  }

  /** Whether the turn is over, and `granted` was not moved yet. */
  #isOver(): boolean {
    const turn = wrap(Atomics.load(this.words, this.granted) - 1)
    const slot = this.slot(turn)
    return ticketOf(slot) !== turn || whoOf(slot) === GAVE_UP
  }

  /** Move `granted` until a ticket has its turn that was not given up. Returns whether it did. */
  #moveOn(): boolean {
    for (let moved = false; ; moved = true) {
      const granted = Atomics.load(this.words, this.granted)
      const turn = wrap(granted - 1)
      const slot = this.slot(turn)
      if (ticketOf(slot) === turn) {
        if (whoOf(slot) !== GAVE_UP) return moved
        // It may be taken over at the same time: then that one has the turn.
        if (!this.free(turn, GAVE_UP)) continue
      }
      // Pairs with the load in isGranted().
      Atomics.compareExchange(this.words, this.granted, granted, wrap(granted + 1))
    }
  }
}
