import type { Participants } from '../wait/participants.js'
import {
  distance,
  free,
  GAVE_UP,
  held,
  QUEUE_GRANTED,
  QUEUE_NEXT,
  QUEUE_SLOTS,
  SLOTS,
  ticketOf,
  whoOf,
  wrap,
} from './lock-layout.js'

/**
 * Tickets in shared memory: first come, first served, between all threads and processes that see them.
 *
 * A ticket is taken by writing one's number into its slot (compare-exchange from "free for this ticket"); only then the
 * counter moves, and anyone may move it on for one who died or stands still in between. Whoever waits for a ticket can
 * give it up; it is then passed over when its turn comes, or taken over when no other slot is free. A slot changes by
 * compare-exchange only: who was taken for dead, and has been cleaned up after, changes nothing any more.
 */
export abstract class TicketQueue {
  protected readonly words: Int32Array
  protected readonly next: number
  protected readonly granted: number
  protected readonly participants: Participants
  readonly #slots: number

  /** @param offset - Where the queue lies in the region, in bytes. */
  constructor(words: Int32Array, offset: number, participants: Participants) {
    this.words = words
    this.next = (offset + QUEUE_NEXT) >> 2
    this.granted = (offset + QUEUE_GRANTED) >> 2
    this.#slots = (offset + QUEUE_SLOTS) >> 2
    this.participants = participants
  }

  /** Fill in a new queue in which `granted` tickets are granted beforehand. `at`: where it begins, in words. */
  static initialize(words: Int32Array, at: number, granted: number): void {
    words[at + (QUEUE_GRANTED >> 2)] = granted
    for (let slot = 0; slot < SLOTS; slot++) words[at + (QUEUE_SLOTS >> 2) + slot] = free(slot)
  }

  /** Done with a ticket that was granted. Returns false when it is not the participant's any more. */
  abstract finish(ticket: number, participant: number): boolean

  /** Done with a ticket, granted or not; who comes after it may have what it stood for. */
  abstract drop(ticket: number, participant: number): void

  /** Drop what a dead participant had, and finish what it may have begun. */
  abstract recover(participant: number): void

  /** Take the next ticket; `undefined` while so many have one that there is no slot for one more. */
  take(participant: number): number | undefined {
    while (true) {
      const ticket = Atomics.load(this.words, this.next)
      const found = this.change(ticket, free(ticket), held(ticket, participant + 1))
      if (found === free(ticket)) {
        this.moveNext(ticket)
        return ticket
      }
      if (ticketOf(found) !== ticket) {
        // The slot is still that of the ticket a round before, unless the counter has moved meanwhile.
        if (Atomics.load(this.words, this.next) === ticket) return this.#takeGivenUp(ticket, participant)
      } else {
        // Somebody has it and has not moved the counter yet.
        this.moveNext(ticket)
      }
    }
  }

  /** Take the next ticket only if it is granted already. */
  tryTake(participant: number): number | undefined {
    while (true) {
      const ticket = Atomics.load(this.words, this.next)
      if (!this.isGranted(ticket)) return undefined
      const found = this.change(ticket, free(ticket), held(ticket, participant + 1))
      if (found === free(ticket) || ticketOf(found) === ticket) {
        this.moveNext(ticket)
        if (found === free(ticket)) return ticket
      } else if (Atomics.load(this.words, this.next) === ticket) return undefined
    }
  }

  /** Whether the ticket's turn has come. Acquire: pairs with the exchange that moves `granted`. */
  isGranted(ticket: number): boolean {
    return distance(ticket, Atomics.load(this.words, this.granted)) > 0
  }

  /** Tickets that are taken and not granted. */
  get waiting(): number {
    const taken = Atomics.load(this.words, this.next)
    return Math.max(0, distance(Atomics.load(this.words, this.granted), taken))
  }

  /** How many tickets the participant has: those it waits for, and those granted and not finished. */
  countOf(participant: number): number {
    let count = 0
    for (let index = 0; index < SLOTS; index++) if (whoOf(this.slot(index)) === participant + 1) count++
    return count
  }

  /** What the slot of that ticket says, or of any that has the same. */
  protected slot(ticket: number): number {
    return Atomics.load(this.words, this.#slots + (ticket % SLOTS))
  }

  /** Change the slot of a ticket, if it says what is expected. Returns what it said. */
  protected change(ticket: number, expected: number, to: number): number {
    return Atomics.compareExchange(this.words, this.#slots + (ticket % SLOTS), expected, to)
  }

  /** Free the slot of a ticket, if it is `who`'s. Returns whether it was. */
  protected free(ticket: number, who: number): boolean {
    const expected = held(ticket, who)
    return this.change(ticket, expected, free(wrap(ticket + SLOTS))) === expected
  }

  /**
   * Take over a ticket that was given up and whose turn has not come: where it is long in coming, as with a condition
   * that nobody notifies, these fill all slots. The last one, so that as few as can be are overtaken.
   */
  #takeGivenUp(next: number, participant: number): number | undefined {
    for (let back = 1; back <= SLOTS; back++) {
      const ticket = wrap(next - back)
      // As when it was taken: pairs with the exchange of `granted`, one of the two sees the other.
      const found = this.change(ticket, held(ticket, GAVE_UP), held(ticket, participant + 1))
      if (found === held(ticket, GAVE_UP)) return ticket
    }
    return undefined
  }

  /** Somebody has that ticket: the next one is the one after it, if whoever took it has not said so yet. */
  protected moveNext(ticket: number): void {
    Atomics.compareExchange(this.words, this.next, ticket, wrap(ticket + 1))
  }
}
