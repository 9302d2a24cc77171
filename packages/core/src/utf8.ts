const encoder = /* @__PURE__ */ new TextEncoder()
// A leading U+FEFF is a character of the string, not a mark to be dropped.
const decoder = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Strings up to this length are cheaper in a loop here than by a call into the runtime; measured. */
const SHORT = 24

/** Some browsers let neither TextEncoder nor TextDecoder touch shared memory; there the bytes take a detour. */
const refusesShared: boolean = /* @__PURE__ */ (() => {
  if (typeof SharedArrayBuffer === 'undefined') return false
  try {
    const shared = new Uint8Array(new SharedArrayBuffer(1))
    encoder.encodeInto('a', shared)
    return decoder.decode(shared) !== 'a'
  } catch {
    return true
  }
})()

/**
 * Write `text` into `target[at, limit)`.
 *
 * @returns The index after its last byte; a number above `limit` when it does not fit.
 */
export function writeUtf8(text: string, target: Uint8Array, at: number, limit: number): number {
  if (text.length <= SHORT && at + text.length <= limit) {
    const end = writeAscii(text, target, at)
    if (end >= 0) return end
  }
  return writeLong(text, target, at, limit)
}

/** As {@link writeUtf8}; -1 when `text` is not ASCII (bytes from `at` on are then anything). */
function writeAscii(text: string, target: Uint8Array, at: number): number {
  const length = text.length
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i)
    if (unit > 0x7f) return -1
    target[at + i] = unit
  }
  return at + length
}

function writeLong(text: string, target: Uint8Array, at: number, limit: number): number {
  // Each UTF-16 unit takes at least one byte.
  if (at + text.length > limit) return limit + 1
  if (refusesShared && !(target.buffer instanceof ArrayBuffer)) {
    const bytes = encoder.encode(text)
    if (at + bytes.length > limit) return limit + 1
    target.set(bytes, at)
    return at + bytes.length
  }
  const { read, written } = encoder.encodeInto(text, target.subarray(at, limit))
  return read === text.length ? at + written : limit + 1
}

/**
 * The text in `source[start, end)`.
 *
 * @throws TypeError when the bytes are not UTF-8.
 */
export function readUtf8(source: Uint8Array, start: number, end: number): string {
  if (end - start <= SHORT) {
    const text = readAscii(source, start, end)
    if (text !== undefined) return text
  }
  const shared = refusesShared && !(source.buffer instanceof ArrayBuffer)
  return decoder.decode(shared ? new Uint8Array(source.subarray(start, end)) : source.subarray(start, end))
}

/** As {@link readUtf8}; `undefined` when not all of it is ASCII. */
function readAscii(source: Uint8Array, start: number, end: number): string | undefined {
  let text = ''
  let at = start
  for (; at + 4 <= end; at += 4) {
    const a = source[at]!
    const b = source[at + 1]!
    const c = source[at + 2]!
    const d = source[at + 3]!
    if ((a | b | c | d) > 0x7f) return undefined
    text += String.fromCharCode(a, b, c, d)
  }
  for (; at < end; at++) {
    const a = source[at]!
    if (a > 0x7f) return undefined
    text += String.fromCharCode(a)
  }
  return text
}

/** Whether `text` survives UTF-8, that is, has no lone surrogate. */
export const isWellFormed: (text: string) => boolean =
  typeof String.prototype.isWellFormed === 'function'
    ? (text) => text.isWellFormed()
    : (text) => !/\p{Surrogate}/u.test(text)
