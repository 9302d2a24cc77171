import { findChromium, INSTALL_TIMEOUT_MS, openPage, type Page } from '@ipc/browser'
import { bytes, type Codec, IPC_ERROR_CODES, json, msgpack, struct } from '@ipc/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

/** The same codecs as {@link CODECS}, in the page. */
const SOURCE = `
import { bytes, type Codec, IPC_ERROR_CODES, IpcError, isIpcError, json, msgpack, struct } from '@ipc/core'

const codecs: Record<string, Codec<any>> = {
  msgpack: msgpack(),
  json: json(),
  bytes: bytes(),
  struct: struct({ id: 'u32', live: 'bool', price: 'f64', volume: 'u64' }),
}

export function encode(name: string, message: unknown): Uint8Array {
  const target = new Uint8Array(1000)
  return target.slice(3, codecs[name].encode(message, target, 3))
}

export function decode(name: string, source: Uint8Array): unknown {
  return codecs[name].decode(source, 0, source.length)
}

/** In the memory that a transport shares between threads. */
export function roundTripShared(name: string, message: unknown): unknown {
  const target = new Uint8Array(new SharedArrayBuffer(1000))
  return codecs[name].decode(target, 3, codecs[name].encode(message, target, 3))
}

/** The codes of errors that are what they were after structured clone, which takes the class away. */
export function codesAcross(): string[] {
  return IPC_ERROR_CODES.filter((code) => {
    const error = new IpcError(code, 'lost')
    if (!isIpcError(error, code) || isIpcError(structuredClone(error))) return false
    return isIpcError(IpcError.fromJSON(structuredClone(error.toJSON())), code)
  })
}

/** What the other copy of this module, which a query makes another one, says of an error that is made here. */
export async function judgeByCopy(code: 'IPC_CLOSED' | 'IPC_TIMEOUT'): Promise<boolean[]> {
  const address = '/main.js?copy'
  const copy = await import(address)
  const error = new IpcError(code, 'ended')
  return [error instanceof copy.Class, copy.judge(error, 'IPC_CLOSED')]
}

export const Class = IpcError
export const judge = isIpcError
`

const CODECS = {
  msgpack: msgpack() as Codec,
  json: json() as Codec,
  bytes: bytes() as Codec,
  struct: struct({ id: 'u32', live: 'bool', price: 'f64', volume: 'u64' }) as Codec,
}

const MESSAGES: readonly { kind: string; codec: keyof typeof CODECS; message: unknown }[] = [
  {
    kind: 'an object',
    codec: 'msgpack',
    message: { text: 'grün \u{1f980}', list: [1, -0, 2n, null], at: new Date(5), raw: Uint8Array.of(1, 2) },
  },
  { kind: 'a long string', codec: 'msgpack', message: `${'x'.repeat(300)}${'ü'.repeat(100)}` },
  { kind: 'an object', codec: 'json', message: { a: [1, 'zwölf', { b: null }] } },
  { kind: 'bytes', codec: 'bytes', message: Uint8Array.of(1, 2, 255) },
  {
    kind: 'a record',
    codec: 'struct',
    message: { id: 4_000_000_000, live: true, price: 2.5, volume: 2n ** 63n },
  },
]

let page: Page

beforeAll(async () => {
  await findChromium()
  page = await openPage({ source: SOURCE, resolveDir: new URL('.', import.meta.url) })
}, INSTALL_TIMEOUT_MS)

afterAll(() => page?.close())

describe('@ipc/core in Chromium', () => {
  test.each(MESSAGES)('$codec encodes $kind to what Node decodes', async ({ codec, message }) => {
    const encoded = await page.call<Uint8Array>('encode', codec, message)
    expect(CODECS[codec].decode(encoded, 0, encoded.length)).toStrictEqual(message)
  })

  test.each(MESSAGES)('$codec decodes $kind that Node encodes', async ({ codec, message }) => {
    const target = new Uint8Array(1000)
    const encoded = target.slice(0, CODECS[codec].encode(message, target, 0))
    expect(await page.call('decode', codec, encoded)).toStrictEqual(message)
  })

  test.each(MESSAGES)('$codec carries $kind in shared memory', async ({ codec, message }) => {
    expect(await page.call('roundTripShared', codec, message)).toStrictEqual(message)
  })

  test('a message that its codec does not carry is refused', async () => {
    await expect(page.call('encode', 'struct', { id: -1, live: true, price: 0, volume: 0n })).rejects.toThrow(
      /RangeError/,
    )
    await expect(page.call('encode', 'bytes', 'text')).rejects.toThrow(/TypeError/)
  })

  test('every code of IpcError survives structured clone in its plain form', async () => {
    expect(await page.call('codesAcross')).toEqual(IPC_ERROR_CODES)
  })

  test('isIpcError knows the errors of another copy of the package', async () => {
    expect(await page.call('judgeByCopy', 'IPC_CLOSED')).toEqual([false, true])
    expect(await page.call('judgeByCopy', 'IPC_TIMEOUT')).toEqual([false, false])
  })
})
