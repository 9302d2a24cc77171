/** The middle value; of two, their mean. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2
}

/** The value at `rank` (0 to 1) of values in ascending order. */
export function percentile(sorted: Float64Array, rank: number): number {
  return sorted[Math.floor(rank * (sorted.length - 1))] ?? Number.NaN
}
