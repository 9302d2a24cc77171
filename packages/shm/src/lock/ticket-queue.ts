import type { Participants } from '../wait/participants.js'
import { GAVE_UP, NOBODY, QUEUE_GRANTED, QUEUE_NEXT, QUEUE_SLOTS, SLOTS, TICKET_MASK } from './lock-layout.js'

/**
 * Tickets in shared memory: first come, first served, between all threads and processes that see them.
 *
 * A ticket is taken by writing one's number into its slot (compare-exchange from "free for this ticket"); only then the
 * counter moves, and anyone may move it on for one who died or stands still in between. Whoever waits for a ticket can
 * give it up; it is then passed over when its turn comes, or taken over when no other slot is free.
 */
export class TicketQueue {
  readonly #words: Int32Array
  readonly #next: number
  readonly #granted: number
  readonly #slots: number
  readonly #participants: Participants
  readonly #onlyTaken: boolean

  /**
   * @param offset - Where the queue lies in the region, in bytes.
   * @param grants - `keep` the grants for which there is no ticket yet, for whoever takes it; or `drop` them.
   */
  constructor(words: Int32Array, offset: number, participants: Participants, grants: 'keep' | 'drop') {
    this.#onlyTaken = grants === 'drop'
    this.#words = words
    this.#next = (offset + QUEUE_NEXT) >> 2
    this.#granted = (offset + QUEUE_GRANTED) >> 2
    this.#slots = (offset + QUEUE_SLOTS) >> 2
    this.#participants = participants
  }

  /** Fill in a new queue in which `granted` tickets are granted beforehand. `at`: where it begins, in words. */
  static initialize(words: Int32Array, at: number, granted: number): void {
    words[at + (QUEUE_GRANTED >> 2)] = granted
    for (let slot = 0; slot < SLOTS; slot++) words[at + (QUEUE_SLOTS >> 2) + slot] = free(slot)
  }

  /** Take the next ticket; `undefined` while so many have one that there is no slot for one more. */
  take(participant: number): number | undefined {
    while (true) {
      const ticket = Atomics.load(this.#words, this.#next)
      const slot = this.#slotOf(ticket)
      const found = Atomics.compareExchange(this.#words, slot, free(ticket), held(ticket, participant + 1))
      if (found === free(ticket)) {
        Atomics.compareExchange(this.#words, this.#next, ticket, wrap(ticket + 1))
        return ticket
      }
      if (ticketOf(found) !== ticket) {
        // The slot is still that of the ticket a round before, unless the counter has moved meanwhile.
        if (Atomics.load(this.#words, this.#next) === ticket) return this.#takeGivenUp(ticket, participant)
      } else {
        // Somebody has it and has not moved the counter yet.
        Atomics.compareExchange(this.#words, this.#next, ticket, wrap(ticket + 1))
      }
    }
  }

  /** Take the next ticket only if it is granted already. */
  tryTake(participant: number): number | undefined {
    while (true) {
      const ticket = Atomics.load(this.#words, this.#next)
      if (!this.isGranted(ticket)) return undefined
      const slot = this.#slotOf(ticket)
      const found = Atomics.compareExchange(this.#words, slot, free(ticket), held(ticket, participant + 1))
      if (found === free(ticket) || ticketOf(found) === ticket) {
        Atomics.compareExchange(this.#words, this.#next, ticket, wrap(ticket + 1))
        if (found === free(ticket)) return ticket
      } else if (Atomics.load(this.#words, this.#next) === ticket) return undefined
    }
  }

  /** Whether the ticket's turn has come. Acquire: pairs with the store in #grantTo(). */
  isGranted(ticket: number): boolean {
    return isBefore(ticket, Atomics.load(this.#words, this.#granted))
  }

  /** Tickets that are taken and not granted. */
  get waiting(): number {
    const taken = Atomics.load(this.#words, this.#next)
    return Math.max(0, distance(Atomics.load(this.#words, this.#granted), taken))
  }

  /** Tickets that are granted and not taken. */
  get available(): number {
    const taken = Atomics.load(this.#words, this.#next)
    return Math.max(0, distance(taken, Atomics.load(this.#words, this.#granted)))
  }

  /** How many tickets the participant has: those it waits for, and those granted and not finished. */
  countOf(participant: number): number {
    let count = 0
    for (let slot = this.#slots; slot < this.#slots + SLOTS; slot++) {
      if ((Atomics.load(this.#words, slot) & 0xff) === participant + 1) count++
    }
    return count
  }

  /** Free the slot of a ticket that was granted: whoever had it needs it no more. */
  finish(ticket: number): void {
    Atomics.store(this.#words, this.#slotOf(ticket), free(wrap(ticket + SLOTS)))
  }

  /** Grant one more ticket, and wake who waits for it; tickets given up are passed over. */
  grant(): void {
    while (true) {
      const ticket = Atomics.load(this.#words, this.#granted)
      if (this.#onlyTaken && Atomics.load(this.#words, this.#next) === ticket) return
      // Several may grant at the same time, as with a semaphore.
      if (Atomics.compareExchange(this.#words, this.#granted, ticket, wrap(ticket + 1)) !== ticket) continue
      const slot = this.#slotOf(ticket)
      // After the store: pairs with the exchange in giveUp(), one of the two sees the other.
      const found = Atomics.load(this.#words, slot)
      if (ticketOf(found) !== ticket) return
      const who = found & 0xff
      if (who === GAVE_UP) {
        if (this.#pass(ticket)) continue
        return
      }
      if (who !== NOBODY) this.#participants.wake(who - 1)
      return
    }
  }

  /** Wait for the ticket no more. Returns true when it was granted after all: then it is the caller's to use. */
  giveUp(ticket: number, participant: number): boolean {
    const slot = this.#slotOf(ticket)
    if (this.isGranted(ticket)) return true
    Atomics.compareExchange(this.#words, slot, held(ticket, participant + 1), held(ticket, GAVE_UP))
    // After the exchange: pairs with the store in grant().
    if (this.isGranted(ticket) && this.#pass(ticket)) this.grant()
    return false
  }

  /**
   * Take over a ticket that was given up and whose turn has not come: where it is long in coming, as with a condition
   * that nobody notifies, these fill all slots. The last one, so that as few as can be are overtaken.
   */
  #takeGivenUp(next: number, participant: number): number | undefined {
    for (let back = 1; back <= SLOTS; back++) {
      const ticket = wrap(next - back)
      // As when it was taken: pairs with the exchange of `granted` in grant(), one of the two sees the other.
      const found = Atomics.compareExchange(
        this.#words,
        this.#slotOf(ticket),
        held(ticket, GAVE_UP),
        held(ticket, participant + 1),
      )
      if (found === held(ticket, GAVE_UP)) return ticket
    }
    return undefined
  }

  /** One of those who see that a granted ticket was given up passes it over. */
  #pass(ticket: number): boolean {
    const passed = Atomics.compareExchange(
      this.#words,
      this.#slotOf(ticket),
      held(ticket, GAVE_UP),
      free(wrap(ticket + SLOTS)),
    )
    return passed === held(ticket, GAVE_UP)
  }

  #slotOf(ticket: number): number {
    return this.#slots + (ticket % SLOTS)
  }
}

function wrap(ticket: number): number {
  return ticket & TICKET_MASK
}

function held(ticket: number, who: number): number {
  return (ticket << 8) | who
}

function free(ticket: number): number {
  return held(ticket, NOBODY)
}

function ticketOf(slot: number): number {
  return slot >>> 8
}

/** How far `to` is ahead of `from`, in -2^23 ... 2^23 - 1. */
function distance(from: number, to: number): number {
  return ((to - from) << 8) >> 8
}

function isBefore(ticket: number, other: number): boolean {
  return distance(ticket, other) > 0
}
