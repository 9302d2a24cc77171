/** Numbers as people read them. */

/** Three digits and a unit: `4.21M`, `187k`, `950`. Counts below a thousand are whole. */
export function compact(value: number): string {
  if (value >= 999.5e6) return `${threeDigits(value / 1e9)}G`
  if (value >= 999.5e3) return `${threeDigits(value / 1e6)}M`
  if (value >= 999.5) return `${threeDigits(value / 1e3)}k`
  return Number.isInteger(value) ? String(value) : threeDigits(value)
}

/** At least three digits: `1234`, `123`, `12.3`, `1.23`. */
export function threeDigits(value: number): string {
  if (value === 0) return '0'
  if (value >= 99.95) return value.toFixed(0)
  return value >= 9.995 ? value.toFixed(1) : value.toFixed(2)
}

/** With separators: `200,000`. */
export function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** With a unit of powers of 1024, two digits where it is not whole: `16 B`, `1.5 KiB`, `16 MiB`. */
export function byteSize(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB']
  let value = bytes
  while (value >= 1024 && units.length > 1) {
    value /= 1024
    units.shift()
  }
  return `${Number.isInteger(value) ? value : Number(value.toPrecision(2))} ${units[0]}`
}
