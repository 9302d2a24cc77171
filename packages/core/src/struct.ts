import type { Codec } from './codec.js'
import { createLoopingCoder, type StructFaults } from './struct-coder.js'
import { createGeneratedCoder } from './struct-generated.js'
import { layOut, type StructFields, type StructFieldType, type StructLayout } from './struct-layout.js'

export type { StructFields, StructFieldType } from './struct-layout.js'

/** The messages of a {@link struct} with these fields. */
export type StructMessage<Fields extends StructFields> = {
  -readonly [Name in keyof Fields]: StructValue<Fields[Name]>
}

/** What a field of type `Type` holds in JavaScript. */
export type StructValue<Type extends StructFieldType> = Type extends 'bool'
  ? boolean
  : Type extends 'u64' | 'i64'
    ? bigint
    : number

/** A codec for records of fixed size, and where their fields lie. */
export interface StructCodec<Fields extends StructFields> extends Codec<StructMessage<Fields>> {
  /** Size of every message. */
  readonly sizeBytes: number
  /** Where each field begins, in bytes from the start of the message. */
  readonly offsets: { readonly [Name in keyof Fields]: number }
  /** `sizeBytes`. Whether the message is carried is found out by `encode`. */
  sizeOf(message: StructMessage<Fields>): number
}

/**
 * Records of fixed size and type: the fastest codec, and bytes that a program in any language can read in place.
 *
 * The layout is that of the C struct with the same members: in the order given, each field at the next multiple of its
 * size, little-endian, the whole a multiple of the largest field. Padding is zero. `name` contains a hash of names,
 * types and places, so sides with different structs refuse each other.
 *
 * | field | in JavaScript | refused |
 * |---|---|---|
 * | `u8` `i8` `u16` `i16` `u32` `i32` | number | fractions, out of range, -0, `NaN`: RangeError |
 * | `u64` `i64` | bigint | out of range: RangeError |
 * | `f32` | number | what 32 bits do not hold exactly (use `Math.fround`): RangeError |
 * | `f64` | number | |
 * | `bool` | boolean; one byte, 0 or 1 | other bytes, when decoding: RangeError |
 *
 * A value of another type, a missing or additional field, and anything but a plain object is a TypeError. Fields under
 * symbols, and those hidden from enumeration, are not looked for.
 *
 * Encoding and decoding run as code generated for the layout; where the runtime forbids that (a content security
 * policy), as a loop that does the same, about ten times slower.
 *
 * @param fields - Types by name. Names are identifiers: letters, digits and underscores.
 * @throws TypeError for a name or type that is none of these, or no field at all.
 *
 * @example
 * ```ts
 * import { struct, type StructMessage } from '@ipc/core'
 *
 * const fields = { id: 'u32', live: 'bool', price: 'f64' } as const
 * type Tick = StructMessage<typeof fields> // { id: number; live: boolean; price: number }
 *
 * const codec = struct(fields)
 * codec.sizeBytes // 16
 * codec.offsets // { id: 0, live: 4, price: 8 }
 *
 * const tick: Tick = { id: 7, live: true, price: 99.5 }
 * const target = new Uint8Array(64)
 * codec.decode(target, 0, codec.encode(tick, target, 0)) // { id: 7, live: true, price: 99.5 }
 * ```
 */
export function struct<const Fields extends StructFields>(fields: Fields): StructCodec<Fields> {
  const layout = layOut(fields)
  const faults = faultsOf(layout)
  const coder = createGeneratedCoder(layout, faults) ?? createLoopingCoder(layout, faults)
  const offsets = Object.fromEntries(layout.fields.map(({ name, offset }) => [name, offset]))
  return Object.freeze({
    name: `struct:${layout.hash}`,
    sizeBytes: layout.sizeBytes,
    offsets: Object.freeze(offsets),
    sizeOf: () => layout.sizeBytes,
    // Coders take and give records of just these fields.
    ...(coder as unknown as Pick<StructCodec<Fields>, 'encode' | 'decode'>),
  }) as StructCodec<Fields>
}

function faultsOf({ fields, sizeBytes }: StructLayout): StructFaults {
  const names = fields.map(({ name }) => name)
  return {
    checkShape(message) {
      if (typeof message !== 'object' || message === null) {
        throw new TypeError(`struct carries objects, got ${message === null ? 'null' : typeof message}`)
      }
      if (Object.getPrototypeOf(message) !== Object.prototype) {
        throw new TypeError('struct carries plain objects, got an instance of a class or an array')
      }
      const missing = names.find((name) => !Object.hasOwn(message, name))
      if (missing !== undefined) throw new TypeError(`struct field ${missing} is missing`)
      const extra = Object.keys(message).find((key) => !names.includes(key))
      if (extra !== undefined) throw new TypeError(`struct has no field ${JSON.stringify(extra)}`)
    },
    failField(index, value) {
      const { name, type, kind } = fields[index]!
      const shown = typeof value === 'bigint' ? `${value}n` : Object.is(value, -0) ? '-0' : show(value)
      if (typeof value !== kind.type)
        throw new TypeError(`struct field ${name} wants a ${kind.type}, got ${shown}`)
      throw new RangeError(`struct field ${name} of type ${type} cannot hold ${shown}`)
    },
    failRange(source, start, end) {
      if (end > source.length) {
        throw new RangeError(`message ends at ${end}, beyond the ${source.length} bytes there are`)
      }
      throw new RangeError(`message of ${end - start} bytes, struct has ${sizeBytes}`)
    },
    failBool(index, byte) {
      throw new RangeError(`struct field ${fields[index]!.name} of type bool is ${byte}, neither 0 nor 1`)
    },
  }
}

function show(value: unknown): string {
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}
