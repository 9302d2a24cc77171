import { fileURLToPath } from 'node:url'
import { createContext, runInContext } from 'node:vm'
import { build } from 'esbuild'
import { describe, expect, test } from 'vitest'

/** What browsers have; nothing of Node. */
const WEB_GLOBALS = {
  AbortController,
  AbortSignal,
  clearTimeout,
  queueMicrotask,
  setTimeout,
  SharedArrayBuffer,
  structuredClone,
  TextDecoder,
  TextEncoder,
  URL,
}

async function bundle(source: string): Promise<string> {
  const result = await build({
    stdin: { contents: source, resolveDir: fileURLToPath(new URL('..', import.meta.url)), loader: 'ts' },
    bundle: true,
    platform: 'browser',
    format: 'iife',
    globalName: 'result',
    target: 'es2022',
    conditions: ['@ipc/source'],
    write: false,
    logLevel: 'silent',
  })
  return result.outputFiles[0]?.text ?? ''
}

describe('@ipc/core in a browser', () => {
  test('bundles without a module of Node, and its codecs, errors and requests work without Node', async () => {
    const code = await bundle(`
      import { bytes, IpcError, isIpcError, json, msgpack, struct } from './src/index.ts'
      const target = new Uint8Array(1000)
      const roundTrip = (codec, message) => codec.decode(target, 0, codec.encode(message, target, 0))
      export const values = [
        roundTrip(msgpack(), { text: 'grün', list: [1, -0, 2n], at: new Date(5), raw: Uint8Array.of(1) }),
        roundTrip(json(), { a: [1] }),
        roundTrip(bytes(), Uint8Array.of(1, 2)),
        roundTrip(struct({ id: 'u32', price: 'f64' }), { id: 1, price: 2.5 }),
      ]
      export const matches = isIpcError(new IpcError('IPC_CLOSED', 'closed'), 'IPC_CLOSED')
    `)
    expect(code).not.toMatch(/["']node:(?!diagnostics_channel)/)
    expect(code).not.toMatch(/require\(/)
    const context = createContext({ ...WEB_GLOBALS })
    runInContext(
      `${code}; globalThis.text = JSON.stringify(result.values, (key, value) =>
      typeof value === 'bigint' ? String(value) + 'n' : Object.is(value, -0) ? '-0' : value)`,
      context,
    )
    expect(JSON.parse(context.text as string)).toEqual([
      { text: 'grün', list: [1, '-0', '2n'], at: '1970-01-01T00:00:00.005Z', raw: { 0: 1 } },
      { a: [1] },
      { 0: 1, 1: 2 },
      { id: 1, price: 2.5 },
    ])
    expect(runInContext('result.matches', context)).toBe(true)
  })

  test('the entry for authors of transports bundles without a module of Node', async () => {
    const code = await bundle(`export * from './src/internal.ts'`)
    expect(code).not.toMatch(/["']node:(?!diagnostics_channel)/)
    const context = createContext({ ...WEB_GLOBALS })
    expect(runInContext(`${code}; typeof result.createConnection`, context)).toBe('function')
  })
})
