/**
 * Thrown inside a codec for a value it does not carry; {@link refusalError} makes it the error that callers see. Two
 * steps, so that encoders need not keep track of where in the message they are.
 */
class Refusal extends Error {
  /** The value itself, by which it is found again in the message. */
  readonly value: unknown
  /** Whether the codec carries such values, but not this one. */
  readonly outOfRange: boolean

  constructor(value: unknown, what: string, outOfRange: boolean) {
    super(what)
    this.value = value
    this.outOfRange = outOfRange
  }
}

/** Ends encoding: values such as `value` are not carried. */
export function refuse(value: unknown, what: string): never {
  throw new Refusal(value, what, false)
}

/** Ends encoding: values such as `value` are carried, but not this one. */
export function refuseRange(value: unknown, what: string): never {
  throw new Refusal(value, what, true)
}

/** The error to throw for `thrown`: names codec, value and place. What is no {@link Refusal} stays as it is. */
export function refusalError(codec: string, message: unknown, thrown: unknown): unknown {
  if (!(thrown instanceof Refusal)) return thrown
  const path = pathTo(message, thrown.value)
  const text = `${codec} does not carry ${thrown.message}${path === undefined ? '' : ` (at message${path})`}`
  return thrown.outOfRange ? new RangeError(text) : new TypeError(text)
}

/** Nothing nested deeper is carried: it is a cycle, or could overflow the stack of the other side. */
export const MAX_DEPTH = 500

/** Refuse a cycle, at last when it has gone around often enough. */
export function checkDepth(value: object, depth: number): void {
  if (depth === MAX_DEPTH) refuseRange(value, `a cycle or more than ${MAX_DEPTH} levels`)
}

/** Refuse a value that is neither plain nor of a type that the codec carries. */
export function refuseObject(value: object): never {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === null) refuse(value, 'an object without prototype')
  const name = ((prototype as object).constructor as { readonly name?: unknown } | undefined)?.name
  if (name === 'Object' && prototype !== Object.prototype) refuse(value, 'an object derived from another one')
  refuse(value, typeof name === 'string' && name !== '' ? `an instance of ${name}` : 'an instance of a class')
}

/** Refuse properties under symbols, unless they are hidden from enumeration as well. */
export function checkSymbolKeys(value: object): void {
  if (Object.getOwnPropertySymbols(value).length > 0) checkHidden(value)
}

function checkHidden(value: object): void {
  for (const symbol of Object.getOwnPropertySymbols(value)) {
    if (Object.prototype.propertyIsEnumerable.call(value, symbol)) refuse(value, 'properties under symbols')
  }
}

/** Refuse properties beside the items. To be called once all items, up to the array's length, are known to exist. */
export function checkArrayKeys(value: readonly unknown[]): void {
  if (Object.keys(value).length !== value.length) refuse(value, 'an array with named properties')
  checkSymbolKeys(value)
}

/** Longer paths say no more. */
const MAX_STEPS = 12
/** A value that a getter makes anew is never found. */
const MAX_VISITS = 100_000

/** Where `wanted` first occurs in `root`, as source code (`.items[3]`). Looks in the order in which encoders walk. */
function pathTo(root: unknown, wanted: unknown): string | undefined {
  const steps: string[] = []
  let visits = 0
  const find = (value: unknown): boolean => {
    if (Object.is(value, wanted)) return true
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false
    if (steps.length > MAX_DEPTH) return false
    for (const key of Object.keys(value)) {
      if (++visits > MAX_VISITS) return false
      steps.push(stepTo(key, Array.isArray(value)))
      if (find((value as Readonly<Record<string, unknown>>)[key])) return true
      steps.pop()
    }
    return false
  }
  try {
    if (!find(root)) return undefined
  } catch {
    return undefined
  }
  return steps.length > MAX_STEPS ? `${steps.slice(0, MAX_STEPS).join('')}...` : steps.join('')
}

function stepTo(key: string, inArray: boolean): string {
  if (inArray) return `[${key}]`
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
}
