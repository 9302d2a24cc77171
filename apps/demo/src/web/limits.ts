/** Numbers that the page offers and the server checks. */

/** Record area of the ring that is drawn: small, so that each record can be seen. */
export const RING_CAPACITY_BYTES = 4096
/** Payloads of its records: the smallest holds a number, the largest is what such a ring takes. */
export const RECORD_BYTES = { least: 16, most: 1016 } as const
/** Messages of the link that is drawn. */
export const MESSAGE_BYTES = { least: 16, most: 32_768 } as const
/** What either side of that link keeps before it says that it is enough. */
export const LINK_HIGH_WATER_MARK_BYTES = 65_536

/** Steps a second of a process that is not as fast as it can be. */
export const PER_SECOND = { least: 0.5, most: 5000 } as const

/** Attempts before a message of the queue is a dead letter. */
export const MAX_ATTEMPTS = 3
/** Messages that are sent at once. */
export const MAX_SEND = 50

/** Increments of each racer, by what guards the counter: a mutex is handed over for each. */
export const INCREMENTS = { none: 20_000_000, mutex: 10_000, atomics: 10_000_000 } as const
/** Looks of the reader of a value that another process writes meanwhile. */
export const LOOKS = 200_000
/** Words of that value. */
export const VALUE_WORDS = 16

/** Sizes of the sweep over transports. */
export const SWEEP_BYTES: readonly number[] = [16, 128, 1024, 8192, 65_536, 524_288, 2 ** 22, 2 ** 24]
