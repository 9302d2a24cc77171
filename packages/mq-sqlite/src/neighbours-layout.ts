/**
 * What all who have a directory open share, in shared memory: a lock, the words below, and a bell for each. Words are int32,
 * written by whoever has the lock.
 *
 * ```
 *    0   4  identity, random: tells this region from one of that name before it
 *    4   1  slots that have been in use, from the first on
 *    5   1  pages written since the last checkpoint, about
 *    6   2  a float of 64 bits: what the shared clock adds to the time since the machine started
 *    8      for each slot: whose it is, as `Region.participant`, or 0; whether that one holds leases; masks of the queues of
 *           which it awaits messages, and of those in which it awaits room
 * ```
 */
export const IDENTITY = 0
export const SLOTS = 4
export const PAGES = 5
export const CLOCK = 6
const FIRST_SLOT = 8

export const MEMBER = 0
export const HOLDS = 1
export const AWAITED_MESSAGES = 2
export const AWAITED_ROOM = 3
const SLOT_WORDS = 4

const MOST_SLOTS = 128
export const WORDS: number = FIRST_SLOT + SLOT_WORDS * MOST_SLOTS

/** Room for the lock, the words, and a bell for each of 128 threads. */
export const REGION_BYTES: number = 2 ** 19
export const REGION_SCHEMA = 'ipc-mq-sqlite-2'

/** Index of a word of a slot. */
export function slotWord(slot: number, field: number): number {
  return FIRST_SLOT + SLOT_WORDS * slot + field
}
