import { MAX_DEPTH } from './refusal.js'

// Extension types that msgpackr writes and reads, and no others: those it also knows (errors, records, references,
// bundled strings) have no place in a message, and the peer may be hostile.
const EXT_UNDEFINED = 0x00
const EXT_TYPED_ARRAY = 0x74
const EXT_TIMESTAMP = 0xff
/** Number of kinds of typed arrays, and the bytes of an element of each. */
const ELEMENT_BYTES: readonly number[] = [1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8]

/** Bytes behind the tokens 0xca to 0xd3: floats, unsigned and signed integers. */
const NUMBER_BYTES: readonly number[] = [4, 8, 1, 2, 4, 8, 1, 2, 4, 8]

/** What an engine reserves for an index that an object does not have, and half as many more. */
const HOLE_BYTES = 12
/** What values may take beyond their bytes as a message: as much as the smallest objects take. */
const MAX_GROWTH = 64
/** And a message beside that. */
const SPARE_BYTES = 4096

const decoder = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true })
const PROTO: Uint8Array = /* @__PURE__ */ Uint8Array.from('__proto__', (character) => character.charCodeAt(0))

/**
 * Walk through the bytes of a message before msgpackr does: they are exactly one value, no longer than what is there,
 * not too deep, of types that are carried. Throws otherwise.
 */
export class MessageScan {
  #bytes: Uint8Array = new Uint8Array(0)
  #view: DataView = new DataView(this.#bytes.buffer)
  #at = 0
  #end = 0
  /** Indices that maps leave out, below their greatest one. */
  #holes = 0
  /** Of the key that was read last, if it is one; else -1. */
  #index = -1

  /** Check the first `length` bytes of `bytes`. Returns whether objects would take far more memory than what they hold. */
  check(bytes: Uint8Array, length: number): boolean {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    }
    this.#at = 0
    this.#end = length
    this.#holes = 0
    this.#value(0)
    if (this.#at < length) throw new RangeError(`${length - this.#at} bytes follow the value`)
    return this.#holes * HOLE_BYTES > MAX_GROWTH * length + SPARE_BYTES
  }

  #value(depth: number): void {
    const token = this.#byte()
    if (token < 0x80 || token >= 0xe0) return
    if (token < 0x90) this.#entries(token & 0x0f, depth)
    else if (token < 0xa0) this.#items(token & 0x0f, depth)
    else if (token < 0xc0) this.#string(token & 0x1f)
    else this.#long(token, depth)
  }

  #long(token: number, depth: number): void {
    if (token === 0xc1) throw new TypeError('0xc1 begins no value')
    if (token <= 0xc3) return
    if (token <= 0xc6) this.#skip(this.#size(token - 0xc4))
    else if (token <= 0xc9) this.#extension(this.#size(token - 0xc7))
    else if (token <= 0xd3) this.#skip(NUMBER_BYTES[token - 0xca] as number)
    else if (token <= 0xd8) this.#extension(1 << (token - 0xd4))
    else if (token <= 0xdb) this.#string(this.#size(token - 0xd9))
    else if (token <= 0xdd) this.#items(this.#size(token - 0xdb), depth)
    else this.#entries(this.#size(token - 0xdd), depth)
  }

  #items(count: number, depth: number): void {
    this.#enter(count, depth)
    for (let i = 0; i < count; i++) this.#value(depth + 1)
  }

  #entries(count: number, depth: number): void {
    this.#enter(2 * count, depth)
    let greatest = -1
    for (let i = 0; i < count; i++) {
      this.#key()
      if (this.#index > greatest) greatest = this.#index
      this.#value(depth + 1)
    }
    if (greatest > count) this.#holes += greatest - count
  }

  /** A container of `count` values, of at least one byte each: what is promised beyond that is not believed. */
  #enter(count: number, depth: number): void {
    if (depth >= MAX_DEPTH) throw new RangeError(`more than ${MAX_DEPTH} levels`)
    if (count > this.#end - this.#at) throw this.#truncated(count)
  }

  /** A key of an object: a string, or a number, which becomes one. */
  #key(): void {
    const start = this.#at
    const token = this.#bytes[start] as number
    const text = (token >= 0xa0 && token < 0xc0) || (token >= 0xd9 && token <= 0xdb)
    const number = token < 0x80 || token >= 0xe0 || (token >= 0xca && token <= 0xd3)
    if (!text && !number) throw new TypeError('a key of a map is neither a string nor a number')
    this.#value(0)
    const head = token < 0xc0 ? 1 : token === 0xd9 ? 2 : token === 0xda ? 3 : 5
    if (text && this.#at - start - head === PROTO.length && this.#isProto(start + head)) {
      throw new TypeError('a key __proto__')
    }
    this.#index = text ? this.#indexIn(start + head, this.#at) : this.#indexAt(start)
  }

  /** The number in decimal digits, -1 if it is none, or a large one. */
  #indexIn(start: number, end: number): number {
    if (end === start || end - start > 7) return -1
    let index = 0
    for (let at = start; at < end; at++) {
      const digit = (this.#bytes[at] as number) - 0x30
      if (digit < 0 || digit > 9) return -1
      index = 10 * index + digit
    }
    return index
  }

  /** The unsigned integer that begins here, -1 if it is none, or a large one. */
  #indexAt(start: number): number {
    const token = this.#bytes[start] as number
    if (token < 0x80) return token
    if (token === 0xca) return this.#view.getFloat32(start + 1)
    if (token === 0xcb) return this.#view.getFloat64(start + 1)
    if (token === 0xcc || token === 0xd0) return this.#bytes[start + 1] as number
    if (token === 0xcd || token === 0xd1) return this.#view.getUint16(start + 1)
    if (token === 0xce || token === 0xd2) return this.#view.getUint32(start + 1)
    return token >= 0xe0 ? -1 : this.#view.getUint32(start + 5)
  }

  #isProto(start: number): boolean {
    return PROTO.every((byte, i) => this.#bytes[start + i] === byte)
  }

  #string(size: number): void {
    const start = this.#at
    this.#skip(size)
    const bytes = this.#bytes
    if (bytes[start] === 0xef && size > 2 && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf) {
      throw new TypeError('a string with a byte order mark')
    }
    for (let at = start; at < this.#at; at++) {
      if ((bytes[at] as number) < 0x80) continue
      decoder.decode(bytes.subarray(at, this.#at))
      return
    }
  }

  #extension(size: number): void {
    const type = this.#byte()
    const start = this.#at
    this.#skip(size)
    if (type === EXT_UNDEFINED && size === 1 && this.#bytes[start] === 0) return
    if (type === EXT_TIMESTAMP && this.#isMilliseconds(start, size)) return
    if (type === EXT_TYPED_ARRAY && size > 0) {
      const element = ELEMENT_BYTES[this.#bytes[start] as number]
      if (element !== undefined && (size - 1) % element === 0) return
    }
    throw new TypeError(`an extension of type ${type} and ${size} bytes is not carried`)
  }

  /** Whether a Date holds this point in time exactly. */
  #isMilliseconds(start: number, size: number): boolean {
    if (size === 4) return true
    const nanoseconds = size === 8 ? this.#view.getUint32(start) >>> 2 : this.#view.getUint32(start)
    if ((size !== 8 && size !== 12) || nanoseconds >= 1e9 || nanoseconds % 1e6 !== 0) return false
    if (size === 8) return true
    const milliseconds = Number(this.#view.getBigInt64(start + 4)) * 1e3 + nanoseconds / 1e6
    return Math.abs(milliseconds) <= 8.64e15
  }

  /** An unsigned integer of 1, 2 or 4 bytes. */
  #size(width: number): number {
    const at = this.#at
    this.#skip(1 << width)
    return width === 0
      ? (this.#bytes[at] as number)
      : width === 1
        ? this.#view.getUint16(at)
        : this.#view.getUint32(at)
  }

  #byte(): number {
    if (this.#at >= this.#end) throw this.#truncated(1)
    return this.#bytes[this.#at++] as number
  }

  #skip(count: number): void {
    if (count > this.#end - this.#at) throw this.#truncated(count)
    this.#at += count
  }

  #truncated(wanted: number): RangeError {
    return new RangeError(`${wanted} bytes or more are wanted at ${this.#at}, the message has ${this.#end}`)
  }
}
