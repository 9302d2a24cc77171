import { MAX_PARTICIPANTS } from '../layout.js'

/**
 * A queue of tickets, of which every lock is made: who wants something takes the next ticket, and has it when the
 * ticket is granted.
 *
 * ```
 * queue    0 next (the ticket to take) | 64 granted (tickets before it are granted)
 *         68 abandoned (mutex: 1 when its holder died) | 72 permits (semaphore)
 *        128 slots: 128 of them
 *
 * slot     ticket in the upper 24 bits | who waits in the lower 8: 0 nobody, 1 ... 128 participant + 1, 255 gave up
 * ```
 *
 * Ticket `t` has slot `t % 128`, which says for which ticket it is free or taken. Tickets wrap after 2^24.
 */
export const QUEUE_NEXT = 0
export const QUEUE_GRANTED = 64
export const QUEUE_ABANDONED = 68
export const QUEUE_PERMITS = 72
export const QUEUE_SLOTS = 128
export const SLOTS: number = MAX_PARTICIPANTS
export const QUEUE_BYTES: number = QUEUE_SLOTS + SLOTS * 4

const TICKET_MASK = 0xff_ffff
export const NOBODY = 0
export const GAVE_UP = 255

/** A ticket after the last one is the first. */
export function wrap(ticket: number): number {
  return ticket & TICKET_MASK
}

/** A slot whose ticket somebody has. */
export function held(ticket: number, who: number): number {
  return (ticket << 8) | who
}

/** A slot whose ticket nobody has yet. */
export function free(ticket: number): number {
  return held(ticket, NOBODY)
}

export function ticketOf(slot: number): number {
  return slot >>> 8
}

export function whoOf(slot: number): number {
  return slot & 0xff
}

/** How far `to` is ahead of `from`, in -2^23 ... 2^23 - 1. */
export function distance(from: number, to: number): number {
  return ((to - from) << 8) >> 8
}
