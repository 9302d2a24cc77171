/** One flight of the `vega-datasets` flights records. */
export interface Flight {
  /** Minutes late; early when negative. */
  readonly delay: number
  /** Miles. */
  readonly distance: number
  /** Scheduled departure, in hours of the day. */
  readonly time: number
}

/** Size of the canonical encoding of one flight. */
export const FLIGHT_BYTES = 16

/** Whether `record` is a flight that the fixed-size encoding holds without loss. */
export function isFlight(record: object): record is Flight {
  const { delay, distance, time } = record as Partial<Record<keyof Flight, unknown>>
  return (
    Object.keys(record).length === 3 &&
    within(delay, -0x8000, 0x7fff) &&
    within(distance, 0, 0xffff) &&
    typeof time === 'number' &&
    time >= 0 &&
    time < 24
  )
}

function within(value: unknown, least: number, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most
}

/**
 * Canonical encodings, one behind the other, in the byte order of this machine (both processes run on it).
 *
 * ```
 *  0      2         4      8             16
 *  +------+---------+------+--------------+
 *  | delay| distance| zero |     time     |
 *  | i16  |   u16   |      |     f64      |
 *  +------+---------+------+--------------+
 * ```
 */
export class FlightBlock {
  readonly bytes: Uint8Array
  readonly #delays: Int16Array
  readonly #distances: Uint16Array
  readonly #times: Float64Array

  constructor(flights: number) {
    const buffer = new ArrayBuffer(flights * FLIGHT_BYTES)
    this.bytes = new Uint8Array(buffer)
    this.#delays = new Int16Array(buffer)
    this.#distances = new Uint16Array(buffer)
    this.#times = new Float64Array(buffer)
  }

  /** Write `flight` as the `index`-th. */
  set(index: number, flight: Flight): void {
    this.#delays[index * 8] = flight.delay
    this.#distances[index * 8 + 1] = flight.distance
    this.#times[index * 2 + 1] = flight.time
  }
}
