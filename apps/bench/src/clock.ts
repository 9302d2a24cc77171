/** Microseconds of a clock that all processes of the machine share, unlike that of `performance`. */
export function sharedMicros(): number {
  return Number(process.hrtime.bigint()) / 1000
}
