import type { Codec } from './codec.js'
import { checkArrayKeys, checkDepth, checkSymbolKeys, refusalError, refuse, refuseObject } from './refusal.js'
import { readUtf8, writeUtf8 } from './utf8.js'

/**
 * JSON in UTF-8: for peers that speak nothing else, and for bytes that people read.
 *
 * Carried: `null`, booleans, strings (lone surrogates too), finite numbers except -0, arrays and plain objects of
 * these. Everything that `JSON.stringify` would drop, change or ask for its `toJSON` is a TypeError: `undefined`, `NaN`,
 * infinities, -0, bigints, dates, Maps, class instances, holes in arrays, ... The whole table is in CODECS.md.
 *
 * Decoding takes any JSON text. As everywhere in JavaScript, digits beyond the precision of a number are lost, and of
 * equal keys the last one counts.
 *
 * @example
 * ```ts
 * import { json } from '@ipc/core'
 *
 * const codec = json<{ id: number; tags: string[] }>()
 * const target = new Uint8Array(256)
 * const end = codec.encode({ id: 1, tags: ['new'] }, target, 0)
 * codec.decode(target, 0, end) // { id: 1, tags: ['new'] }
 * ```
 */
export function json<T = unknown>(): Codec<T> {
  return JSON_CODEC as Codec<never> as Codec<T>
}

const JSON_CODEC: Codec = /* @__PURE__ */ Object.freeze({
  name: 'json',
  encode(message: unknown, target: Uint8Array, start: number, limit: number = target.length): number {
    try {
      check(message, 0)
    } catch (error) {
      throw refusalError('json', message, error)
    }
    const end = writeUtf8(JSON.stringify(message), target, start, limit)
    return end > limit ? -1 : end
  },
  decode: (source: Uint8Array, start: number, end: number): unknown =>
    JSON.parse(readUtf8(source, start, end)),
})

function check(value: unknown, depth: number): void {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return
  if (typeof value === 'object') checkObject(value, depth)
  else if (typeof value !== 'number') refuse(value, value === undefined ? 'undefined' : `a ${typeof value}`)
  else if (Object.is(value, -0)) refuse(value, '-0')
  else if (!Number.isFinite(value)) refuse(value, `${value}`)
}

function checkObject(value: object, depth: number): void {
  checkDepth(value, depth)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Array.prototype && Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      if (value[i] === undefined && !(i in value)) refuse(value, 'a sparse array')
      check(value[i], depth + 1)
    }
    checkArrayKeys(value)
    return
  }
  if (prototype !== Object.prototype) refuseObject(value)
  checkSymbolKeys(value)
  for (const key of Object.keys(value)) {
    if (key === '__proto__') refuse(value, 'a key __proto__')
    check((value as Readonly<Record<string, unknown>>)[key], depth + 1)
  }
}
