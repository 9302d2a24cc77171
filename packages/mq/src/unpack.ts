import { LENGTH_BYTES } from './envelope.js'

/** What is wrong with a batch that came in; `undefined` when it is well-formed. */
export type Fault = string | undefined

/** Hand every message of a `clones` batch to `deliver`. */
export function unpackClones(
  [, , , values, sizes, slab]: readonly unknown[],
  maxMessageBytes: number,
  deliver: (message: unknown, bytes: number) => void,
): Fault {
  if (!Array.isArray(values) || !Array.isArray(sizes)) return 'a batch without messages or sizes'
  const bytes = slab instanceof Uint8Array ? slab : new Uint8Array(0)
  let index = 0
  let at = 0
  for (const size of sizes as unknown[]) {
    if (!Number.isInteger(size)) return 'a message without a size'
    const inSlab = (size as number) < 0
    const length = inSlab ? ~(size as number) : (size as number)
    if (length > maxMessageBytes) return tooLarge(length, maxMessageBytes)
    if (!inSlab) {
      if (index === values.length) return 'a batch ends before its last message'
      deliver(values[index++], length)
      continue
    }
    if (at + length > bytes.byteLength) return 'a batch ends within a message'
    deliver(bytes.slice(at, at + length), length)
    at += length
  }
  return undefined
}

/** Hand every message of a `bytes` batch to `deliver`. */
export function unpackBytes(
  [, , , batch]: readonly unknown[],
  asText: boolean,
  maxMessageBytes: number,
  deliver: (source: Uint8Array, start: number, end: number) => void,
): Fault {
  const source = asText && typeof batch === 'string' ? Buffer.from(batch, 'base64') : batch
  if (!(source instanceof Uint8Array)) return 'a batch is not of the form agreed on'
  let at = 0
  while (at < source.byteLength) {
    if (at + LENGTH_BYTES > source.byteLength) return 'a batch ends within a length'
    const length = readLength(source, at)
    const start = at + LENGTH_BYTES
    if (start + length > source.byteLength) return 'a batch ends within a message'
    if (length > maxMessageBytes) return tooLarge(length, maxMessageBytes)
    at = start + length
    deliver(source, start, at)
  }
  return undefined
}

function tooLarge(length: number, maxMessageBytes: number): string {
  return `a message of ${length} bytes exceeds the ${maxMessageBytes} agreed on`
}

function readLength(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8)
  return (low | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24)) >>> 0
}
