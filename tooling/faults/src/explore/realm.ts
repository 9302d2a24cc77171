import { type Context, runInContext } from 'node:vm'
import type { Seam } from './access.js'
import { indexed, ModelArray, ModelBuffer, modelArray } from './model-array.js'
import { modelAtomics } from './model-atomics.js'

type ArrayKind = 'Int32Array' | 'Uint8Array'

/**
 * The globals of the code that is explored: typed arrays over the memory of the model, the model's `Atomics`, and nothing
 * that could differ from one run of the same code to the next. Arrays over ordinary buffers stay what they are, memory
 * of the thread.
 */
export class Realm {
  readonly context: Context
  readonly seam: Seam
  #nowMs = 0

  constructor(context: Context, seam: Seam) {
    this.context = context
    this.seam = seam
    const refuse = (what: string) => (): never => {
      throw new Error(`what is explored must not use ${what}: it would not do the same again`)
    }
    Object.assign(context, {
      Atomics: modelAtomics(seam),
      SharedArrayBuffer: refuse('new SharedArrayBuffer'),
      performance: { now: () => this.#nowMs++ },
      setTimeout: refuse('setTimeout'),
      setInterval: refuse('setInterval'),
      setImmediate: refuse('setImmediate'),
      queueMicrotask: refuse('queueMicrotask'),
      clearTimeout() {},
      clearInterval() {},
      clearImmediate() {},
      TextEncoder,
      TextDecoder,
    })
    this.#takeOver('Int32Array', 4)
    this.#takeOver('Uint8Array', 1)
    const math = runInContext('Math', context) as { random: () => number }
    math.random = refuse('Math.random')
    const date = runInContext('Date', context) as { now: () => number }
    date.now = refuse('Date.now')
  }

  /** The clock of a thread begins anew whenever the thread does. */
  resetClock(): void {
    this.#nowMs = 0
  }

  /** The time of a sleep is over. */
  passTime(ms: number): void {
    this.#nowMs += ms
  }

  /** The memory, for `bytes` bytes, as code of the realm takes it. */
  memory(bytes: number): SharedArrayBuffer {
    return new ModelBuffer(bytes, this.seam) as unknown as SharedArrayBuffer
  }

  #takeOver(kind: ArrayKind, bytesPerElement: 1 | 4): void {
    const Own = runInContext(kind, this.context) as Int32ArrayConstructor | Uint8ArrayConstructor
    const makeOwn = (length: number): Int32Array | Uint8Array => new Own(length)
    const takenOver = new Proxy(Own, {
      construct(_, [first, offset = 0, length], newTarget) {
        if (!(first instanceof ModelBuffer))
          return Reflect.construct(Own, arguments_(first, offset, length), newTarget)
        const rest = (first.byteLength - offset) / bytesPerElement
        return indexed(new ModelArray(first, offset, length ?? rest, makeOwn, bytesPerElement))
      },
    })
    Object.assign(this.context, { [kind]: takenOver })
    if (kind === 'Uint8Array') patchSet(Object.getPrototypeOf(Own.prototype))
  }
}

function arguments_(first: unknown, offset: unknown, length: unknown): unknown[] {
  return length !== undefined ? [first, offset, length] : offset !== 0 ? [first, offset] : [first]
}

/** Ordinary arrays take the contents of the model's as they take those of other typed arrays. */
function patchSet(prototype: { set(source: ArrayLike<number>, offset?: number): void }): void {
  const original = prototype.set
  prototype.set = function set(this: Uint8Array, source: ArrayLike<number>, offset: number = 0): void {
    const found = modelArray(source)
    if (found === undefined) original.call(this, source, offset)
    else if (offset + found.length > this.length) throw new RangeError('offset is out of bounds')
    else found.copyTo(this, offset)
  }
}
