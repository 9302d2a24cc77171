/**
 * What a field of a `struct` can be: an unsigned or signed integer, a float, or `bool` (one byte, 0 or 1). Integers of
 * 64 bits are bigints, the other ones numbers.
 */
export type StructFieldType =
  | 'u8'
  | 'i8'
  | 'u16'
  | 'i16'
  | 'u32'
  | 'i32'
  | 'u64'
  | 'i64'
  | 'f32'
  | 'f64'
  | 'bool'

/** Names and types of the fields, in the order in which they lie in memory. */
export type StructFields = Readonly<Record<string, StructFieldType>>

/** How fields of one type are stored and checked. */
export interface FieldKind {
  /** Size, and alignment. */
  readonly bytes: 1 | 2 | 4 | 8
  /** What follows `get` and `set` in the names of the DataView methods. */
  readonly accessor:
    | 'Uint8'
    | 'Int8'
    | 'Uint16'
    | 'Int16'
    | 'Uint32'
    | 'Int32'
    | 'BigUint64'
    | 'BigInt64'
    | 'Float32'
    | 'Float64'
  /** `typeof` of what is carried. */
  readonly type: 'number' | 'bigint' | 'boolean'
  /** Whether reading gives back exactly `value`. So -0 is no integer, and 0.1 no f32. */
  readonly accepts: (value: unknown) => boolean
}

/** One field, placed. */
export interface PlacedField {
  readonly name: string
  readonly type: StructFieldType
  readonly kind: FieldKind
  readonly offset: number
}

/** One piece of padding. */
export interface Padding {
  readonly accessor: 'Uint8' | 'Uint16' | 'Uint32'
  readonly offset: number
}

/**
 * Where the fields lie: as in C, each at the next multiple of its own size, the whole a multiple of the largest.
 * Little-endian. Padding is written as zeros and not looked at when reading.
 *
 * ```
 * { id: 'u32', live: 'bool', price: 'f64' }
 *
 *  0         4      5                8                 16
 *  +---------+------+----------------+-----------------+
 *  |   id    | live |    padding     |      price      |
 *  +---------+------+----------------+-----------------+
 * ```
 */
export interface StructLayout {
  readonly fields: readonly PlacedField[]
  readonly sizeBytes: number
  /** What belongs to no field, in pieces that lie at multiples of their size. */
  readonly padding: readonly Padding[]
  /** The same only for the same names, types and order. */
  readonly hash: string
}

// One literal function each: sharing a wrapper would keep the engine from inlining them.
const KINDS: Readonly<Record<StructFieldType, FieldKind>> = {
  u8: {
    bytes: 1,
    accessor: 'Uint8',
    type: 'number',
    accepts: (v) => typeof v === 'number' && (v & 0xff) === v && !Object.is(v, -0),
  },
  i8: {
    bytes: 1,
    accessor: 'Int8',
    type: 'number',
    accepts: (v) => typeof v === 'number' && (v << 24) >> 24 === v && !Object.is(v, -0),
  },
  u16: {
    bytes: 2,
    accessor: 'Uint16',
    type: 'number',
    accepts: (v) => typeof v === 'number' && (v & 0xffff) === v && !Object.is(v, -0),
  },
  i16: {
    bytes: 2,
    accessor: 'Int16',
    type: 'number',
    accepts: (v) => typeof v === 'number' && (v << 16) >> 16 === v && !Object.is(v, -0),
  },
  u32: {
    bytes: 4,
    accessor: 'Uint32',
    type: 'number',
    accepts: (v) => typeof v === 'number' && v >>> 0 === v && !Object.is(v, -0),
  },
  i32: {
    bytes: 4,
    accessor: 'Int32',
    type: 'number',
    accepts: (v) => typeof v === 'number' && (v | 0) === v && !Object.is(v, -0),
  },
  u64: {
    bytes: 8,
    accessor: 'BigUint64',
    type: 'bigint',
    accepts: (v) => typeof v === 'bigint' && BigInt.asUintN(64, v) === v,
  },
  i64: {
    bytes: 8,
    accessor: 'BigInt64',
    type: 'bigint',
    accepts: (v) => typeof v === 'bigint' && BigInt.asIntN(64, v) === v,
  },
  f32: {
    bytes: 4,
    accessor: 'Float32',
    type: 'number',
    accepts: (v) => typeof v === 'number' && Object.is(Math.fround(v), v),
  },
  f64: { bytes: 8, accessor: 'Float64', type: 'number', accepts: (v) => typeof v === 'number' },
  bool: { bytes: 1, accessor: 'Uint8', type: 'boolean', accepts: (v) => typeof v === 'boolean' },
}

/**
 * Place the fields.
 *
 * @throws TypeError for an unknown type, a name that is no identifier, or no field at all.
 */
export function layOut(fields: StructFields): StructLayout {
  const placed: PlacedField[] = []
  const padding: Padding[] = []
  let end = 0
  let alignment = 1
  const padTo = (multiple: number): void => {
    while (end % multiple !== 0) {
      // The lowest bit of the offset: the largest piece that lies at a multiple of its size.
      const bytes = end & -end
      padding.push({ accessor: bytes === 1 ? 'Uint8' : bytes === 2 ? 'Uint16' : 'Uint32', offset: end })
      end += bytes
    }
  }
  for (const [name, type] of Object.entries(fields)) {
    checkField(name, type)
    const kind = KINDS[type]
    padTo(kind.bytes)
    placed.push({ name, type, kind, offset: end })
    end += kind.bytes
    alignment = Math.max(alignment, kind.bytes)
  }
  if (placed.length === 0) throw new TypeError('a struct needs at least one field')
  padTo(alignment)
  const text = placed.map(({ name, type, offset }) => `${name}:${type}@${offset}`).join(',')
  return { fields: placed, sizeBytes: end, padding, hash: fnv1a64(`${text};${end}`) }
}

function checkField(name: string, type: unknown): void {
  // Identifiers only: other names could not be members in C, and names like 1 would not keep their place in an object.
  if (!/^[A-Za-z_]\w*$/.test(name) || name === '__proto__') {
    throw new TypeError(`name of a struct field must be an identifier, got ${JSON.stringify(name)}`)
  }
  if (typeof type !== 'string' || !Object.hasOwn(KINDS, type)) {
    throw new TypeError(
      `type of field ${name} must be one of ${Object.keys(KINDS).join(', ')}, got ${String(type)}`,
    )
  }
}

/** 64-bit FNV-1a of an ASCII text, in hexadecimal. */
function fnv1a64(text: string): string {
  let hash = 0xcbf29ce484222325n
  for (let i = 0; i < text.length; i++) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(i))) * 0x100000001b3n)
  }
  return hash.toString(16).padStart(16, '0')
}
