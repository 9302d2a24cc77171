import { GAVE_UP, held, SLOTS, ticketOf, whoOf, wrap } from './lock-layout.js'
import { TicketQueue } from './ticket-queue.js'

/**
 * A queue whose tickets are granted one by one by anybody: the notifications of a condition. What was granted to one who
 * does not need it any more is granted to the next. Where somebody dies while doing that it may be granted twice, but it
 * is not lost: whoever waits for a condition looks at the state anyway.
 */
export class GrantQueue extends TicketQueue {
  override finish(ticket: number, participant: number): boolean {
    return this.free(ticket, participant + 1)
  }

  override drop(ticket: number, participant: number): void {
    const own = held(ticket, participant + 1)
    if (!this.isGranted(ticket)) {
      const givenUp = held(ticket, GAVE_UP)
      this.change(ticket, own, givenUp)
      // After the exchange: pairs with that of `granted`. If it was granted after all, it is taken back to be passed on,
      // unless who granted it has seen that it was given up.
      if (!this.isGranted(ticket) || this.change(ticket, givenUp, own) !== givenUp) return
    }
    this.grant()
    this.free(ticket, participant + 1)
  }

  override recover(participant: number): void {
    for (let index = 0; index < SLOTS; index++) {
      const slot = this.slot(index)
      const ticket = ticketOf(slot)
      const who = whoOf(slot)
      if (who === participant + 1) this.drop(ticket, participant)
      // It may have died before it passed this on.
      else if (who === GAVE_UP && this.isGranted(ticket)) {
        this.grant()
        this.free(ticket, GAVE_UP)
      }
    }
  }

  /** Grant one more of the tickets that are taken, and wake who waits for it; those given up are passed over. */
  grant(): void {
    while (true) {
      const ticket = Atomics.load(this.words, this.granted)
      if (Atomics.load(this.words, this.next) === ticket) return
      // Pairs with the load in isGranted(). Several may grant at the same time.
      if (Atomics.compareExchange(this.words, this.granted, ticket, wrap(ticket + 1)) !== ticket) continue
      // After the exchange: pairs with that in drop(), one of the two sees the other.
      const slot = this.slot(ticket)
      if (ticketOf(slot) !== ticket) return
      const who = whoOf(slot)
      if (who !== GAVE_UP) this.participants.wake(who - 1)
      if (who !== GAVE_UP || !this.free(ticket, GAVE_UP)) return
    }
  }
}
