/** The powers of ten from the one below the least value to the one above the largest: ticks of a logarithmic axis. */
export function decadesOf(values: readonly number[]): number[] {
  const low = Math.floor(Math.log10(Math.min(...values)))
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))))
  return Array.from({ length: high - low + 1 }, (_, step) => Number(`1e${low + step}`))
}

/** `0.1`, `10`, `10k`: of units that have prefixes of their own, nothing below one gets another. */
export function tickLabel(value: number): string {
  return value >= 1000 ? `${value / 1000}k` : String(value)
}
