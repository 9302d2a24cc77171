/**
 * What lies in the records of the ring that is drawn: a number, and after it bytes that all are its last byte, so that
 * a record that is not as it was written shows.
 *
 * ```
 * 0 number, u32 | 4 the number's last byte, to the end
 * ```
 */
export function fillRecord(bytes: Uint8Array, start: number, end: number, sequence: number): void {
  numberAt(bytes, start).setUint32(0, sequence, true)
  bytes.fill(sequence & 0xff, start + 4, end)
}

/** The number of a record. */
export function sequenceOf(bytes: Uint8Array, start: number): number {
  return numberAt(bytes, start).getUint32(0, true)
}

/** Whether a record is as `fillRecord` made it. */
export function isWhole(bytes: Uint8Array, start: number, end: number): boolean {
  const filling = sequenceOf(bytes, start) & 0xff
  for (let at = start + 4; at < end; at++) if (bytes[at] !== filling) return false
  return true
}

function numberAt(bytes: Uint8Array, start: number): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset + start, 4)
}
