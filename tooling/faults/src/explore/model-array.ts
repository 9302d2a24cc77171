import { type Access, type Seam, WHOLE_WORD } from './access.js'

/** The memory of the model, in place of a `SharedArrayBuffer`. */
export class ModelBuffer {
  readonly byteLength: number
  readonly seam: Seam

  constructor(byteLength: number, seam: Seam) {
    this.byteLength = byteLength
    this.seam = seam
  }
}

/** What can be copied into an array of the model. */
export type ArraySource = ArrayLike<number>

const BYTE = 0xff
const arrays = new WeakMap<object, ModelArray>()

/**
 * An `Int32Array` or `Uint8Array` over the memory of the model. Single bytes are accessed as such, without touching
 * their neighbours; what copies or fills bytes does so by whole words where they are aligned, as `memcpy` does.
 */
export class ModelArray {
  readonly buffer: ModelBuffer
  readonly byteOffset: number
  readonly length: number
  readonly BYTES_PER_ELEMENT: 1 | 4
  readonly makeOwn: (length: number) => Int32Array | Uint8Array

  /** @param makeOwn - Makes an array of the same kind that belongs to the thread. */
  constructor(
    buffer: ModelBuffer,
    byteOffset: number,
    length: number,
    makeOwn: (length: number) => Int32Array | Uint8Array,
    bytesPerElement: 1 | 4,
  ) {
    if (byteOffset % bytesPerElement !== 0) throw new RangeError(`offset ${byteOffset} is not aligned`)
    if (!(byteOffset >= 0 && length >= 0 && byteOffset + length * bytesPerElement <= buffer.byteLength)) {
      throw new RangeError(`${length} elements at ${byteOffset} are not within ${buffer.byteLength} bytes`)
    }
    this.buffer = buffer
    this.byteOffset = byteOffset
    this.length = length
    this.makeOwn = makeOwn
    this.BYTES_PER_ELEMENT = bytesPerElement
  }

  get byteLength(): number {
    return this.length * this.BYTES_PER_ELEMENT
  }

  subarray(start: number = 0, end: number = this.length): ModelArray {
    const [from, to] = this.range(start, end)
    const at = this.byteOffset + from * this.BYTES_PER_ELEMENT
    return indexed(new ModelArray(this.buffer, at, to - from, this.makeOwn, this.BYTES_PER_ELEMENT))
  }

  slice(start: number = 0, end: number = this.length): Int32Array | Uint8Array {
    const [from, to] = this.range(start, end)
    const copy = this.makeOwn(to - from)
    this.copyTo(copy, 0, from, to)
    return copy
  }

  set(source: ArraySource, offset: number = 0): void {
    const from = modelArray(source)
    const values = from === undefined ? source : from.slice()
    if (offset < 0 || offset + values.length > this.length) throw new RangeError('offset is out of bounds')
    this.storeAll(offset, offset + values.length, (index) => values[index - offset] as number)
  }

  fill(value: number, start: number = 0, end: number = this.length): this {
    const [from, to] = this.range(start, end)
    this.storeAll(from, to, () => value)
    return this
  }

  /** Copy elements to an array of the thread. */
  copyTo(target: Int32Array | Uint8Array, offset: number, from: number = 0, to: number = this.length): void {
    const byteWise = this.BYTES_PER_ELEMENT === 1
    let index = from
    while (index < to) {
      const at = this.byteOffset + index
      if (byteWise && at % 4 === 0 && index + 4 <= to) {
        const word = this.access('load', at >> 2, WHOLE_WORD, 0)
        for (let byte = 0; byte < 4; byte++) target[offset++] = (word >>> (8 * byte)) & BYTE
        index += 4
      } else {
        target[offset++] = this.load(index++)
      }
    }
  }

  load(index: number): number {
    const at = this.byteOffset + index * this.BYTES_PER_ELEMENT
    if (this.BYTES_PER_ELEMENT === 4) return this.access('load', at >> 2, WHOLE_WORD, 0)
    const shift = 8 * (at % 4)
    return (this.access('load', at >> 2, BYTE << shift, 0) >>> shift) & BYTE
  }

  store(index: number, value: number): void {
    const at = this.byteOffset + index * this.BYTES_PER_ELEMENT
    if (this.BYTES_PER_ELEMENT === 4) {
      this.access('store', at >> 2, WHOLE_WORD, value | 0)
      return
    }
    const shift = 8 * (at % 4)
    this.access('store', at >> 2, BYTE << shift, (value & BYTE) << shift)
  }

  /** Index of the element's word in the memory. */
  wordAt(index: number): number {
    if (!(index >= 0 && index < this.length)) throw new RangeError(`index ${index} is out of bounds`)
    return (this.byteOffset >> 2) + index
  }

  private storeAll(from: number, to: number, valueAt: (index: number) => number): void {
    const byteWise = this.BYTES_PER_ELEMENT === 1
    let index = from
    while (index < to) {
      const at = this.byteOffset + index
      if (byteWise && at % 4 === 0 && index + 4 <= to) {
        let word = 0
        for (let byte = 0; byte < 4; byte++) word |= (valueAt(index++) & BYTE) << (8 * byte)
        this.access('store', at >> 2, WHOLE_WORD, word)
      } else {
        this.store(index, valueAt(index))
        index++
      }
    }
  }

  private range(start: number, end: number): [number, number] {
    const at = (index: number): number =>
      Math.max(0, Math.min(this.length, index < 0 ? this.length + index : index))
    return [at(start), Math.max(at(start), at(end))]
  }

  private access(operation: Access['operation'], word: number, mask: number, value: number): number {
    return this.buffer.seam.port.access({ operation, word, mask, value, expected: 0, note: undefined })
  }
}

/** The array as code sees it: with its elements under their indices. */
export function indexed(array: ModelArray): ModelArray {
  const proxy = new Proxy(array, elements)
  arrays.set(proxy, array)
  return proxy
}

/** The array of the model behind what code has in hand, if it is one. */
export function modelArray(value: unknown): ModelArray | undefined {
  return typeof value === 'object' && value !== null ? arrays.get(value) : undefined
}

const elements: ProxyHandler<ModelArray> = {
  get(array, key) {
    const index = indexOf(key)
    if (index === undefined) return Reflect.get(array, key)
    return index < array.length ? array.load(index) : undefined
  },
  set(array, key, value) {
    const index = indexOf(key)
    if (index === undefined) throw new TypeError(`an array of the model has no ${String(key)} to be set`)
    if (index < array.length) array.store(index, Number(value))
    return true
  },
  has(array, key) {
    const index = indexOf(key)
    return index === undefined ? key in array : index < array.length
  },
}

function indexOf(key: string | symbol): number | undefined {
  if (typeof key === 'symbol') return undefined
  const first = key.charCodeAt(0)
  return first >= 48 && first <= 57 ? Number(key) : undefined
}
