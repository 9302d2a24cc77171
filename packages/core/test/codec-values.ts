/** What a codec does with a value: carries it unchanged, or refuses to encode it. */
export type Outcome = 'carried' | 'TypeError' | 'RangeError'

/** One line of the support tables. */
export interface CodecValue {
  readonly name: string
  /** Made anew for every use. */
  readonly make: () => unknown
  readonly msgpack: Outcome
  readonly json: Outcome
  /** What arrives, where that is not the same kind of object. */
  readonly arrives?: unknown
}

class Point {
  x = 1
}

function value(
  name: string,
  make: () => unknown,
  msgpack: Outcome,
  json: Outcome,
  arrives?: unknown,
): CodecValue {
  return arrives === undefined ? { name, make, msgpack, json } : { name, make, msgpack, json, arrives }
}

function cycle(): unknown {
  const object: Record<string, unknown> = { a: [] }
  object.a = [object]
  return object
}

function sparse(): unknown[] {
  const array = [1, 2, 3]
  delete array[1]
  return array
}

function nested(levels: number): unknown {
  let inner: unknown = 1
  for (let i = 0; i < levels; i++) inner = i % 2 === 0 ? [inner] : { inner }
  return inner
}

function shrunken(): Uint8Array {
  const buffer = new ArrayBuffer(8, { maxByteLength: 8 })
  const view = new Uint8Array(buffer, 4, 4)
  buffer.resize(2)
  return view
}

function detached<T extends object>(make: (buffer: ArrayBuffer) => T): T {
  const buffer = new ArrayBuffer(8)
  const view = make(buffer)
  structuredClone(buffer, { transfer: [buffer] })
  return view
}

const PRIMITIVES: readonly CodecValue[] = [
  value('undefined', () => undefined, 'carried', 'TypeError'),
  value('null', () => null, 'carried', 'carried'),
  value('true', () => true, 'carried', 'carried'),
  value('false', () => false, 'carried', 'carried'),
  value('0', () => 0, 'carried', 'carried'),
  value('-0', () => -0, 'carried', 'TypeError'),
  value('NaN', () => Number.NaN, 'carried', 'TypeError'),
  value('Infinity', () => Number.POSITIVE_INFINITY, 'carried', 'TypeError'),
  value('-Infinity', () => Number.NEGATIVE_INFINITY, 'carried', 'TypeError'),
  value('fraction', () => 0.1, 'carried', 'carried'),
  value('smallest fraction', () => Number.MIN_VALUE, 'carried', 'carried'),
  value('largest number', () => Number.MAX_VALUE, 'carried', 'carried'),
  value('largest safe integer', () => Number.MAX_SAFE_INTEGER, 'carried', 'carried'),
  value('smallest safe integer', () => Number.MIN_SAFE_INTEGER, 'carried', 'carried'),
  value('number 2 ** 53', () => 2 ** 53, 'carried', 'carried'),
  value('number 2 ** 53 + 2', () => 2 ** 53 + 2, 'carried', 'carried'),
  value('number 2 ** 63', () => 2 ** 63, 'carried', 'carried'),
  value('number 2 ** 64', () => 2 ** 64, 'carried', 'carried'),
  value('bigint 0', () => 0n, 'carried', 'TypeError'),
  value('bigint -0', () => -0n, 'carried', 'TypeError'),
  value('small bigint', () => -5n, 'carried', 'TypeError'),
  value('bigint 2 ** 53', () => 2n ** 53n, 'carried', 'TypeError'),
  value('bigint 2 ** 63 - 1', () => 2n ** 63n - 1n, 'carried', 'TypeError'),
  value('bigint -(2 ** 63)', () => -(2n ** 63n), 'carried', 'TypeError'),
  value('bigint 2 ** 64 - 1', () => 2n ** 64n - 1n, 'carried', 'TypeError'),
  value('bigint 2 ** 64', () => 2n ** 64n, 'RangeError', 'TypeError'),
  value('bigint -(2 ** 63) - 1', () => -(2n ** 63n) - 1n, 'RangeError', 'TypeError'),
  value('huge bigint', () => 10n ** 1000n, 'RangeError', 'TypeError'),
  value('symbol', () => Symbol('s'), 'TypeError', 'TypeError'),
  value('function', () => () => 1, 'TypeError', 'TypeError'),
  value('class', () => Point, 'TypeError', 'TypeError'),
]

const STRINGS: readonly CodecValue[] = [
  value('empty string', () => '', 'carried', 'carried'),
  value('string with NUL', () => 'a\0b', 'carried', 'carried'),
  value('string of two-byte characters', () => 'ä'.repeat(40), 'carried', 'carried'),
  value('string of astral characters', () => '🍺𐍈'.repeat(40), 'carried', 'carried'),
  value('string with line separators', () => '\u2028\u2029', 'carried', 'carried'),
  value('string with replacement character', () => '\ufffd', 'carried', 'carried'),
  value('string with U+FEFF inside', () => 'a\ufeff', 'carried', 'carried'),
  value('short string beginning with U+FEFF', () => '\ufeffa', 'TypeError', 'carried'),
  value('long string beginning with U+FEFF', () => `\ufeff${'a'.repeat(100)}`, 'TypeError', 'carried'),
  value('string with lone high surrogate', () => 'a\ud800', 'TypeError', 'carried'),
  value('string with lone low surrogate', () => '\udc00a', 'TypeError', 'carried'),
  value('string with swapped surrogates', () => '\udc00\ud800', 'TypeError', 'carried'),
  ...[23, 24, 25, 31, 32, 63, 64, 255, 256, 65_535, 65_536, 300_000].map((length) =>
    value(`string of ${length}`, () => 'x'.repeat(length), 'carried', 'carried'),
  ),
  ...[8, 16, 64, 100, 255].map((length) =>
    value(`string of ${length} ü`, () => 'ü'.repeat(length), 'carried', 'carried'),
  ),
]

const PLAIN: readonly CodecValue[] = [
  value('empty object', () => ({}), 'carried', 'carried'),
  value('empty array', () => [], 'carried', 'carried'),
  value('object in insertion order', () => ({ z: 1, a: 2, m: 3 }), 'carried', 'carried'),
  value('object that looks like an array', () => ({ 0: 'a', length: 1 }), 'carried', 'carried'),
  value('object with an empty key', () => ({ '': 1 }), 'carried', 'carried'),
  value(
    'object with keys of prototypes',
    () => ({ constructor: 1, hasOwnProperty: 2, valueOf: 3 }),
    'carried',
    'carried',
  ),
  value(
    'object with data named toJSON',
    () => ({ constructor: 'x', toJSON: 'y', x: 1 }),
    'carried',
    'carried',
  ),
  value(
    'object of 100 keys',
    () => Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`k${i}`, i])),
    'carried',
    'carried',
  ),
  value('array of 100,000', () => Array.from({ length: 100_000 }, (_, i) => i), 'carried', 'carried'),
  value('object with undefined', () => ({ a: undefined }), 'carried', 'TypeError'),
  value('array with undefined', () => [undefined], 'carried', 'TypeError'),
  value('array with -0', () => [1, -0, { a: -0, b: [0, -0] }], 'carried', 'TypeError'),
  value('array with NaN', () => [Number.NaN], 'carried', 'TypeError'),
  value('object with NaN', () => ({ a: Number.NaN }), 'carried', 'TypeError'),
  value('the same object twice', () => ((a) => [a, a])({ a: 1 }), 'carried', 'carried'),
  value('frozen object', () => Object.freeze({ a: 1 }), 'carried', 'carried'),
  value(
    'object with getter',
    () => ({
      get a() {
        return 1
      },
    }),
    'carried',
    'carried',
    { a: 1 },
  ),
  value(
    'object with hidden property',
    () => Object.defineProperty({ a: 1 }, 'b', { value: 2 }),
    'carried',
    'carried',
    { a: 1 },
  ),
  value(
    'object with hidden symbol',
    () => Object.defineProperty({ a: 1 }, Symbol('b'), { value: 2 }),
    'carried',
    'carried',
    { a: 1 },
  ),
  value('500 levels', () => nested(500), 'carried', 'carried'),
  value('501 levels', () => nested(501), 'RangeError', 'RangeError'),
  value('cycle', cycle, 'RangeError', 'RangeError'),
  value('sparse array', sparse, 'TypeError', 'TypeError'),
  value('array with a hole at its end', () => new Array(1), 'TypeError', 'TypeError'),
  value('array with named property', () => Object.assign([1], { a: 1 }), 'TypeError', 'TypeError'),
  value(
    'sparse array with named property',
    () => Object.assign(sparse(), { a: 1 }),
    'TypeError',
    'TypeError',
  ),
  value('result of a regular expression', () => /b/.exec('abc'), 'TypeError', 'TypeError'),
  value('object with symbol', () => ({ [Symbol('a')]: 1 }), 'TypeError', 'TypeError'),
  value('array with symbol', () => Object.assign([1], { [Symbol('a')]: 1 }), 'TypeError', 'TypeError'),
  value('object with own __proto__', () => JSON.parse('{"__proto__":{"a":1}}'), 'TypeError', 'TypeError'),
  value('object with method', () => ({ a() {} }), 'TypeError', 'TypeError'),
  value('object with toJSON', () => ({ toJSON: () => 1 }), 'TypeError', 'TypeError'),
  value('object with key of lone surrogate', () => ({ '\ud800': 1 }), 'TypeError', 'carried'),
]

const BINARY: readonly CodecValue[] = [
  value('Uint8Array', () => Uint8Array.of(1, 2, 255), 'carried', 'TypeError'),
  value('empty Uint8Array', () => new Uint8Array(0), 'carried', 'TypeError'),
  ...[255, 256, 65_535, 65_536].map((length) =>
    value(`Uint8Array of ${length}`, () => new Uint8Array(length).fill(7), 'carried', 'TypeError'),
  ),
  value('part of a Uint8Array', () => new Uint8Array(10).fill(3).subarray(2, 5), 'carried', 'TypeError'),
  value('Buffer', () => Buffer.from('abc'), 'carried', 'TypeError', Uint8Array.of(97, 98, 99)),
  value(
    'Uint8Array over shared memory',
    () => new Uint8Array(new SharedArrayBuffer(3)).fill(1),
    'carried',
    'TypeError',
  ),
  value(
    'Uint8Array that tracks a resizable buffer',
    () => new Uint8Array(new ArrayBuffer(3, { maxByteLength: 9 })),
    'carried',
    'TypeError',
  ),
  value(
    'Uint8Array that tracks growable shared memory',
    () => new Uint8Array(new SharedArrayBuffer(3, { maxByteLength: 9 })),
    'carried',
    'TypeError',
  ),
  value('Int8Array', () => Int8Array.of(-1, 2), 'carried', 'TypeError'),
  value('Uint8ClampedArray', () => Uint8ClampedArray.of(1, 2), 'carried', 'TypeError'),
  value('Int16Array', () => Int16Array.of(-1, 2), 'carried', 'TypeError'),
  value('Uint16Array', () => Uint16Array.of(1, 65_535), 'carried', 'TypeError'),
  value('Int32Array', () => Int32Array.of(-1, 2), 'carried', 'TypeError'),
  value('Uint32Array', () => Uint32Array.of(1, 2 ** 32 - 1), 'carried', 'TypeError'),
  value('Float32Array', () => Float32Array.of(0.5, -0, Number.NaN), 'carried', 'TypeError'),
  value('Float64Array', () => Float64Array.of(0.1, -0, Number.NaN), 'carried', 'TypeError'),
  value('BigInt64Array', () => BigInt64Array.of(-1n, 2n), 'carried', 'TypeError'),
  value('BigUint64Array', () => BigUint64Array.of(1n, 2n ** 64n - 1n), 'carried', 'TypeError'),
  value('empty Float64Array', () => new Float64Array(0), 'carried', 'TypeError'),
  value('Float64Array of 10,000', () => new Float64Array(10_000).fill(0.1), 'carried', 'TypeError'),
  value(
    'typed arrays beside -0',
    () => ({ a: -0, b: Float64Array.of(1), c: Uint8Array.of(1) }),
    'carried',
    'TypeError',
  ),
  value('view of a detached buffer', () => detached((b) => new Uint8Array(b)), 'TypeError', 'TypeError'),
  value(
    'Float64Array of a detached buffer',
    () => detached((b) => new Float64Array(b)),
    'TypeError',
    'TypeError',
  ),
  value('view beyond a shrunk buffer', shrunken, 'TypeError', 'TypeError'),
  value('ArrayBuffer', () => new ArrayBuffer(2), 'TypeError', 'TypeError'),
  value('resizable ArrayBuffer', () => new ArrayBuffer(2, { maxByteLength: 4 }), 'TypeError', 'TypeError'),
  value('SharedArrayBuffer', () => new SharedArrayBuffer(2), 'TypeError', 'TypeError'),
  value('DataView', () => new DataView(new ArrayBuffer(2)), 'TypeError', 'TypeError'),
  value(
    'subclass of Float64Array',
    () => new (class Samples extends Float64Array {})(2),
    'TypeError',
    'TypeError',
  ),
  value('Blob', () => new Blob(['a']), 'TypeError', 'TypeError'),
]

const OBJECTS: readonly CodecValue[] = [
  value('Date 0', () => new Date(0), 'carried', 'TypeError'),
  value('Date of today', () => new Date(1_763_800_000_123), 'carried', 'TypeError'),
  value('Date before 1970', () => new Date(-1), 'carried', 'TypeError'),
  value('Date after 2106', () => new Date(2 ** 32 * 1000), 'carried', 'TypeError'),
  value('Date after 2106 with milliseconds', () => new Date(2 ** 32 * 1000 + 7), 'carried', 'TypeError'),
  value('Date after 2514', () => new Date(2 ** 34 * 1000 + 1), 'carried', 'TypeError'),
  value('last Date', () => new Date(8.64e15), 'carried', 'TypeError'),
  value('first Date', () => new Date(-8.64e15), 'carried', 'TypeError'),
  value('invalid Date', () => new Date(Number.NaN), 'RangeError', 'TypeError'),
  value('subclass of Date', () => new (class Day extends Date {})(0), 'TypeError', 'TypeError'),
  value('class instance', () => new Point(), 'TypeError', 'TypeError'),
  value('class instance within', () => ({ a: [new Point()] }), 'TypeError', 'TypeError'),
  value('subclass of Array', () => new (class List extends Array {})(), 'TypeError', 'TypeError'),
  value('object without prototype', () => Object.create(null), 'TypeError', 'TypeError'),
  value('object derived from another', () => Object.create({ a: 1 }), 'TypeError', 'TypeError'),
  value('Object.prototype', () => Object.prototype, 'TypeError', 'TypeError'),
  value('Map', () => new Map([['a', 1]]), 'TypeError', 'TypeError'),
  value('empty Map', () => new Map(), 'TypeError', 'TypeError'),
  value('Set', () => new Set([1]), 'TypeError', 'TypeError'),
  value('WeakMap', () => new WeakMap(), 'TypeError', 'TypeError'),
  value('RegExp', () => /a\/b\n/giu, 'TypeError', 'TypeError'),
  ...[Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map((kind) =>
    value(kind.name, () => new kind('no'), 'TypeError', 'TypeError'),
  ),
  value('AggregateError', () => new AggregateError([], 'no'), 'TypeError', 'TypeError'),
  value('boxed boolean', () => new Boolean(false), 'TypeError', 'TypeError'),
  value('boxed number', () => new Number(1), 'TypeError', 'TypeError'),
  value('boxed string', () => new String('a'), 'TypeError', 'TypeError'),
  value('boxed bigint', () => Object(1n), 'TypeError', 'TypeError'),
  value('boxed symbol', () => Object(Symbol('a')), 'TypeError', 'TypeError'),
  value('Promise', () => Promise.resolve(), 'TypeError', 'TypeError'),
  value('generator', () => (function* () {})(), 'TypeError', 'TypeError'),
  value('URL', () => new URL('http://a'), 'TypeError', 'TypeError'),
]

/** Values that break naive codecs, and what `msgpack` and `json` do with each. */
export const CODEC_VALUES: readonly CodecValue[] = [
  ...PRIMITIVES,
  ...STRINGS,
  ...PLAIN,
  ...BINARY,
  ...OBJECTS,
]
