/** The longest delay that `setTimeout` keeps. */
export const LONGEST_MS: number = 2 ** 31 - 1

/** @throws RangeError unless it is a time in milliseconds that a timer can keep. */
export function checkMs(name: string, value: number): number {
  if (value >= 0 && value <= LONGEST_MS) return value
  throw new RangeError(`${name} must be a number of milliseconds from 0 to ${LONGEST_MS}, got ${value}`)
}

/** @throws RangeError unless it is a whole number that is not less than `min`. */
export function checkWhole(name: string, value: number, min: number): number {
  if (Number.isSafeInteger(value) && value >= min) return value
  throw new RangeError(`${name} must be a whole number >= ${min}, got ${value}`)
}
