import type { Codec } from './codec.js'
import { createLoopingCoder, type StructFaults } from './struct-coder.js'
import { createGeneratedCoder } from './struct-generated.js'
import { layOut, type StructFields, type StructFieldType, type StructLayout } from './struct-layout.js'

export type { StructFields, StructFieldType } from './struct-layout.js'

/** The messages of a {@link struct}. */
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
  sizeOf(message: StructMessage<Fields>): number
}

/**
 * Records of fixed size and type: the fastest codec, and bytes that a program in another language can read.
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
