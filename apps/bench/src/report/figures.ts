/** Numbers as people read them. */

/** Three digits and a unit: `4.21M`, `187k`, `950`. */
export function compact(value: number): string {
  if (value >= 999.5e6) return `${threeDigits(value / 1e9)}G`
  if (value >= 999.5e3) return `${threeDigits(value / 1e6)}M`
  if (value >= 999.5) return `${threeDigits(value / 1e3)}k`
  return threeDigits(value)
}

/** At least three digits: `1234`, `123`, `12.3`, `1.23`, `0.123`. */
export function threeDigits(value: number): string {
  if (value >= 99.95) return value.toFixed(0)
  if (value >= 9.995) return value.toFixed(1)
  return value >= 0.9995 ? value.toFixed(2) : value.toFixed(3)
}
