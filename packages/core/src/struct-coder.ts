import type { PlacedField, StructLayout } from './struct-layout.js'

/** A struct's fields, read and written. */
export type StructRecord = Record<string, number | bigint | boolean>

/** The two halves of a struct codec; made in two ways that do the same. */
export interface StructCoder {
  encode(message: StructRecord, target: Uint8Array, start: number, limit?: number): number
  decode(source: Uint8Array, start: number, end: number): StructRecord
}

/** What coders call when something is wrong. */
export interface StructFaults {
  /** Throws unless `message` is a plain object with exactly the fields. */
  checkShape(message: unknown): void
  /** Throws: the field with this index does not carry `value`. */
  failField(index: number, value: unknown): never
  /** Throws: `source[start, end)` is not one struct. */
  failRange(source: Uint8Array, start: number, end: number): never
  /** Throws: the bool with this index is neither 0 nor 1. */
  failBool(index: number, byte: number): never
}

/** Reads and writes field by field. For runtimes that forbid to generate code. */
export function createLoopingCoder(layout: StructLayout, faults: StructFaults): StructCoder {
  const { fields, sizeBytes, padding } = layout
  let writing: DataView | undefined
  let reading: DataView | undefined
  return {
    encode(message, target, start, limit = target.length) {
      faults.checkShape(message)
      const values = fields.map(({ name, kind }, index) => {
        const value = message[name]
        return kind.accepts(value) ? value : faults.failField(index, value)
      })
      const end = start + sizeBytes
      if (end > limit) return -1
      writing = viewOf(target, writing)
      const at = target.byteOffset + start
      for (const [index, field] of fields.entries()) write(writing, at, field, values[index])
      for (const { accessor, offset } of padding) writing[`set${accessor}`](at + offset, 0, true)
      return end
    },
    decode(source, start, end) {
      if (end - start !== sizeBytes || end > source.length) faults.failRange(source, start, end)
      reading = viewOf(source, reading)
      const at = source.byteOffset + start
      const message: StructRecord = {}
      for (const [index, field] of fields.entries())
        message[field.name] = read(reading, at, field, index, faults)
      return message
    },
  }
}

function write(view: DataView, at: number, { kind, type, offset }: PlacedField, value: unknown): void {
  if (type === 'bool') view.setUint8(at + offset, value === true ? 1 : 0)
  // The kind has accepted the value, so it is what this method takes.
  else view[`set${kind.accessor}`](at + offset, value as never, true)
}

function read(
  view: DataView,
  at: number,
  { kind, type, offset }: PlacedField,
  index: number,
  faults: StructFaults,
): number | bigint | boolean {
  const value = view[`get${kind.accessor}`](at + offset, true)
  if (type !== 'bool') return value
  return value === 1 || (value === 0 ? false : faults.failBool(index, Number(value)))
}

/** A view of the whole buffer beneath `bytes`: the one from before, if it is the same buffer. */
export function viewOf(bytes: Uint8Array, before: DataView | undefined): DataView {
  return before !== undefined && before.buffer === bytes.buffer ? before : new DataView(bytes.buffer)
}
