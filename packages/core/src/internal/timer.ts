/** The longest delay `setTimeout` keeps; longer ones fire at once. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1

/**
 * Check a duration given by the caller.
 *
 * @throws RangeError unless it is a number >= 0 (`Infinity` included).
 */
export function checkDurationMs(name: string, value: number): number {
  if (typeof value !== 'number' || !(value >= 0)) {
    throw new RangeError(`${name} must be a number of milliseconds >= 0, got ${String(value)}`)
  }
  return value
}

/**
 * Call `onTime` once after `delayMs`, however long that is; `Infinity` is never.
 *
 * @returns what cancels it.
 */
export function startTimer(delayMs: number, onTime: () => void): () => void {
  if (delayMs === Number.POSITIVE_INFINITY) return () => {}
  let left = delayMs
  let timer: ReturnType<typeof setTimeout>
  const arm = (): void => {
    const step = Math.min(left, LONGEST_TIMEOUT_MS)
    left -= step
    timer = setTimeout(() => (left > 0 ? arm() : onTime()), step)
  }
  arm()
  return () => clearTimeout(timer)
}
