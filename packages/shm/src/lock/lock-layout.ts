import { MAX_PARTICIPANTS } from '../layout.js'

/**
 * A queue of tickets, of which every lock is made: who wants something takes the next ticket, and has it when the
 * ticket is granted.
 *
 * ```
 * queue    0 next (the ticket to take) | 64 granted (tickets before it are granted) | 128 slots: 128 of them
 *
 * slot     ticket in the upper 24 bits | who waits in the lower 8: 0 nobody, 1 ... 128 participant + 1, 255 gave up
 * ```
 *
 * Ticket `t` has slot `t % 128`, which says for which ticket it is free or taken. Tickets wrap after 2^24.
 */
export const QUEUE_NEXT = 0
export const QUEUE_GRANTED = 64
export const QUEUE_SLOTS = 128
export const SLOTS: number = MAX_PARTICIPANTS
export const QUEUE_BYTES: number = QUEUE_SLOTS + SLOTS * 4

export const TICKET_MASK = 0xff_ffff
export const NOBODY = 0
export const GAVE_UP = 255
