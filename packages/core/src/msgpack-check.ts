import { checkArrayKeys, checkDepth, checkSymbolKeys, refuse, refuseObject, refuseRange } from './refusal.js'
import { isDetached, kindOfTypedArray, LITTLE_ENDIAN } from './typed-array.js'
import { isWellFormed } from './utf8.js'

/** What of a message msgpackr needs to be told, or helped with. Flags, to be joined with `|`. */
const NOTHING_SPECIAL = 0
/** There are typed arrays other than `Uint8Array`. */
export const TYPED_ARRAYS = 1
/** There are -0, which msgpackr would write as 0. */
export const NEGATIVE_ZEROS = 2

const bufferPrototype: unknown = (globalThis as { readonly Buffer?: { readonly prototype: unknown } }).Buffer
  ?.prototype

const hasOwn: (key: string) => boolean = Object.prototype.hasOwnProperty

/** Kinds of typed arrays that travel; those of several bytes per element only where memory is little-endian. */
const KINDS: ReadonlySet<string> = /* @__PURE__ */ new Set([
  'Int8Array',
  'Uint8ClampedArray',
  ...(LITTLE_ENDIAN
    ? [
        'Int16Array',
        'Uint16Array',
        'Int32Array',
        'Uint32Array',
        'Float32Array',
        'Float64Array',
        'BigInt64Array',
        'BigUint64Array',
      ]
    : []),
])

/**
 * Walk through a message before msgpackr does: it drops or changes silently what it does not know. Throws a `Refusal`
 * for what does not survive.
 */
export function checkMessage(value: unknown, depth: number): number {
  switch (typeof value) {
    case 'number':
      return value === 0 && Object.is(value, -0) ? NEGATIVE_ZEROS : NOTHING_SPECIAL
    case 'string':
      if (!survives(value)) refuse(value, 'a string with a lone surrogate or a byte order mark')
      return NOTHING_SPECIAL
    case 'object':
      return value === null ? NOTHING_SPECIAL : checkObject(value, depth)
    case 'boolean':
    case 'undefined':
      return NOTHING_SPECIAL
    case 'bigint':
      if (BigInt.asIntN(64, value) !== value && BigInt.asUintN(64, value) !== value) {
        refuseRange(value, 'a bigint of more than 64 bits')
      }
      return NOTHING_SPECIAL
    default:
      return refuse(value, `a ${typeof value}`)
  }
}

/** msgpackr takes U+FEFF at the start of a long string for a mark and drops it, unless its native add-on is there. */
function survives(text: string): boolean {
  return isWellFormed(text) && text.charCodeAt(0) !== 0xfeff
}

function checkObject(value: object, depth: number): number {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype) return checkPlain(value as Readonly<Record<string, unknown>>, depth)
  if (prototype === Array.prototype && Array.isArray(value)) return checkArray(value, depth)
  const kind = kindOfTypedArray.call(value)
  if (kind !== undefined) return checkTypedArray(value as Uint8Array, kind, prototype)
  if (prototype !== Date.prototype || !(value instanceof Date)) refuseObject(value)
  if (Number.isNaN((value as Date).getTime())) refuseRange(value, 'an invalid Date')
  return NOTHING_SPECIAL
}

function checkPlain(value: Readonly<Record<string, unknown>>, depth: number): number {
  checkDepth(value, depth)
  checkSymbolKeys(value)
  let special = NOTHING_SPECIAL
  for (const key in value) {
    if (!hasOwn.call(value, key)) continue
    if (key === '__proto__') refuse(value, 'a key __proto__')
    if (!survives(key)) refuse(value, 'a key with a lone surrogate or a byte order mark')
    special |= checkMessage(value[key], depth + 1)
  }
  return special
}

function checkArray(value: readonly unknown[], depth: number): number {
  checkDepth(value, depth)
  let special = NOTHING_SPECIAL
  for (let i = 0; i < value.length; i++) {
    const item = value[i]
    if (item === undefined && !(i in value)) refuse(value, 'a sparse array')
    special |= checkMessage(item, depth + 1)
  }
  checkArrayKeys(value)
  return special
}

function checkTypedArray(value: Uint8Array, kind: string, prototype: unknown): number {
  if (isDetached(value)) refuse(value, 'a view whose memory is gone')
  // A Buffer arrives as Uint8Array. Of another subclass msgpackr might not see that it is one.
  if (kind === 'Uint8Array' && (prototype === Uint8Array.prototype || prototype === bufferPrototype)) {
    return NOTHING_SPECIAL
  }
  const known = (globalThis as unknown as Readonly<Record<string, { prototype: unknown }>>)[kind]
  if (!KINDS.has(kind) || prototype !== known?.prototype) refuseObject(value)
  return TYPED_ARRAYS
}
