import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createLoopingCoder, type StructCoder, type StructFaults } from '../src/struct-coder.js'
import { createGeneratedCoder } from '../src/struct-generated.js'
import { layOut, type StructFieldType } from '../src/struct-layout.js'

const TYPES = ['u8', 'i8', 'u16', 'i16', 'u32', 'i32', 'u64', 'i64', 'f32', 'f64', 'bool'] as const

class Fault extends Error {}

function fault(text: string): never {
  throw new Fault(text)
}

const FAULTS: StructFaults = {
  checkShape: (message) => {
    if (Object.getPrototypeOf(Object(message)) !== Object.prototype) fault('shape')
  },
  failField: (index, value) => fault(`field ${index} ${Object.is(value, -0) ? '-0' : String(value)}`),
  failRange: (_source, start, end) => fault(`range ${start} ${end}`),
  failBool: (index, byte) => fault(`bool ${index} ${byte}`),
}

/** What a coder does, as text, with the bytes it leaves. */
function outcome(run: () => unknown): string {
  try {
    return JSON.stringify(run(), (_key, value: unknown) =>
      typeof value === 'bigint'
        ? `${value}n`
        : typeof value === 'number' && !Number.isSafeInteger(value)
          ? `number ${value}`
          : Object.is(value, -0)
            ? '-0'
            : value,
    )
  } catch (error) {
    if (error instanceof Fault) return error.message
    throw error
  }
}

const fieldValue = (type: StructFieldType): fc.Arbitrary<unknown> => {
  const bits = Number(type.slice(1))
  if (type === 'bool') return fc.boolean()
  if (type === 'f32') return fc.float()
  if (type === 'f64') return fc.double()
  if (bits === 64) return fc.bigInt({ min: type === 'u64' ? 0n : -(2n ** 63n), max: 2n ** 63n - 1n })
  return fc.integer(
    type.startsWith('u')
      ? { min: 0, max: 2 ** bits - 1 }
      : { min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 },
  )
}

const anyValue = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.bigInt(),
  fc.boolean(),
  fc.string(),
  fc.constant(null),
)

const schema = fc.array(fc.constantFrom(...TYPES), { minLength: 1, maxLength: 12 })

const schemaAndMessage = schema.chain((types) =>
  fc.record({
    types: fc.constant(types),
    values: fc.tuple(...types.map((type) => fc.oneof({ weight: 20, arbitrary: fieldValue(type) }, anyValue))),
    start: fc.nat(9),
    missing: fc.integer({ min: -20, max: 3 }),
  }),
)

function fieldsOf(types: readonly StructFieldType[]): Record<string, StructFieldType> {
  return Object.fromEntries(types.map((type, i) => [`field${i}`, type]))
}

function codersOf(types: readonly StructFieldType[]): {
  bytes: number
  looping: StructCoder
  generated: StructCoder
} {
  const layout = layOut(fieldsOf(types))
  const generated = createGeneratedCoder(layout, FAULTS)
  if (generated === undefined) throw new Error('this runtime forbids to generate code')
  return { bytes: layout.sizeBytes, looping: createLoopingCoder(layout, FAULTS), generated }
}

describe('generated and looping struct coders', () => {
  test('encode the same bytes, refuse the same messages', () => {
    fc.assert(
      fc.property(schemaAndMessage, ({ types, values, start, missing }) => {
        const { bytes, looping, generated } = codersOf(types)
        const message = Object.fromEntries(values.map((value, i) => [`field${i}`, value])) as never
        const room = missing > 0 ? start + bytes - missing : start + bytes - Math.min(missing, 0)
        const targets = [
          new Uint8Array(Math.max(room, 0)).fill(0xa5),
          new Uint8Array(Math.max(room, 0)).fill(0xa5),
        ] as const
        expect(outcome(() => generated.encode(message, targets[0], start))).toBe(
          outcome(() => looping.encode(message, targets[1], start)),
        )
        expect(targets[0]).toEqual(targets[1])
      }),
      { numRuns: 500 },
    )
  })

  test('decode the same messages, refuse the same bytes', () => {
    fc.assert(
      fc.property(
        schema,
        fc.infiniteStream(fc.nat(255)),
        fc.nat(9),
        fc.integer({ min: -2, max: 2 }),
        (types, stream, start, more) => {
          const { bytes, looping, generated } = codersOf(types)
          const source = Uint8Array.from([...stream.take(start + bytes)])
          const decode = (coder: StructCoder): string =>
            outcome(() =>
              coder.decode(source, start, start + bytes + (more === 2 ? 1 : more === -2 ? -1 : 0)),
            )
          expect(decode(generated)).toBe(decode(looping))
        },
      ),
      { numRuns: 500 },
    )
  })

  test('write and read what DataView does', () => {
    fc.assert(
      fc.property(schemaAndMessage, ({ types, values }) => {
        const { bytes, generated } = codersOf(types)
        const message = Object.fromEntries(values.map((value, i) => [`field${i}`, value])) as never
        const target = new Uint8Array(bytes)
        let end = 0
        try {
          end = generated.encode(message, target, 0)
        } catch (error) {
          expect(error).toBeInstanceOf(Fault)
          return
        }
        expect(generated.decode(target, 0, end)).toStrictEqual(message)
      }),
      { numRuns: 500 },
    )
  })
})

describe('struct where the runtime forbids to generate code', () => {
  const script = `
    import { struct } from './src/index.ts'
    let forbidden = false
    try { new Function('') } catch { forbidden = true }
    const codec = struct({ id: 'u32', live: 'bool', price: 'f64', big: 'i64' })
    const target = new Uint8Array(50)
    const end = codec.encode({ id: 7, live: true, price: 0.5, big: -1n }, target, 1)
    const errors = []
    for (const run of [
      () => codec.encode({ id: -1, live: true, price: 0.5, big: -1n }, target, 1),
      () => codec.encode({ id: 1 }, target, 1),
      () => codec.encode(null, target, 1),
      () => codec.decode(target, 0, 3),
    ]) try { run() } catch (error) { errors.push(String(error)) }
    const { name, sizeBytes, offsets } = codec
    console.log(JSON.stringify({
      forbidden, name, sizeBytes, offsets, end, bytes: [...target], errors,
      message: { ...codec.decode(target, 1, end), big: String(codec.decode(target, 1, end).big) },
    }))
  `

  test('it does the same', { timeout: 30_000 }, async () => {
    const bundled = await build({
      stdin: { contents: script, resolveDir: fileURLToPath(new URL('..', import.meta.url)), loader: 'ts' },
      bundle: true,
      platform: 'node',
      format: 'esm',
      conditions: ['@ipc/source'],
      external: ['msgpackr'],
      write: false,
      logLevel: 'silent',
    })
    const code = bundled.outputFiles[0]?.text ?? ''
    const run = (...flags: string[]): Record<string, unknown> => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, '--input-type=module', '-'], {
        input: code,
        cwd: fileURLToPath(new URL('..', import.meta.url)),
        encoding: 'utf8',
      })
      expect(stderr).toBe('')
      expect(status).toBe(0)
      return JSON.parse(stdout) as Record<string, unknown>
    }
    const { forbidden, ...looping } = run('--disallow-code-generation-from-strings')
    const { forbidden: no, ...generated } = run()
    expect([forbidden, no]).toEqual([true, false])
    expect(looping).toEqual(generated)
    expect(looping.message).toEqual({ id: 7, live: true, price: 0.5, big: '-1' })
  })
})
