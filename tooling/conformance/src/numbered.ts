/** A stream of numbered messages whose sizes and contents follow from their numbers, so that both sides know them. */
export interface NumberedStream {
  readonly count: number
  /** Size of each message, or the range in which sizes vary. At least 4. */
  readonly bytes: number | readonly [least: number, most: number]
  /** Number of the first message. @default 0 */
  readonly first?: number
}

/** What a receiver found out about a stream. */
export interface Verdict {
  readonly received: number
  /** The first thing that was wrong; `undefined` when every message came once, in order, whole. */
  readonly problem: string | undefined
}

const HEADER_BYTES = 4
let pattern = new Uint8Array(0)

/** Message number `n` of a stream: the number (little endian), then a pattern that differs from message to message. */
export function numberedMessage({ bytes, first = 0 }: NumberedStream, index: number): Uint8Array {
  const n = first + index
  const size = numberedSize(bytes, n)
  const message = new Uint8Array(size)
  message.set(patternFrom(n, size))
  new DataView(message.buffer).setUint32(0, n, true)
  return message
}

/** What is wrong with `message` in place of number `index` of the stream; `undefined` when nothing is. */
export function checkNumbered(stream: NumberedStream, index: number, message: unknown): string | undefined {
  const n = (stream.first ?? 0) + index
  if (!(message instanceof Uint8Array)) return `message ${n} is ${typeof message}, not bytes`
  const size = numberedSize(stream.bytes, n)
  if (message.byteLength < HEADER_BYTES) return `message ${n} has only ${message.byteLength} bytes`
  const found = new DataView(message.buffer, message.byteOffset).getUint32(0, true)
  if (found !== n) return `message ${found} came in place of message ${n}`
  if (message.byteLength !== size) return `message ${n} has ${message.byteLength} bytes, not ${size}`
  const wanted = patternFrom(n, size)
  for (let i = HEADER_BYTES; i < size; i++) {
    if (message[i] !== wanted[i]) return `message ${n} differs at byte ${i}`
  }
  return undefined
}

function numberedSize(bytes: NumberedStream['bytes'], n: number): number {
  if (typeof bytes === 'number') return bytes
  const [least, most] = bytes
  // A multiplicative hash: sizes look random and are the same on both sides.
  return least + ((Math.imul(n + 1, 0x9e3779b1) >>> 0) % (most - least + 1))
}

function patternFrom(n: number, size: number): Uint8Array {
  const from = n % 251
  if (pattern.length < from + size) {
    pattern = new Uint8Array(2 * (from + size)).map((_, i) => i % 251)
  }
  return pattern.subarray(from, from + size)
}
