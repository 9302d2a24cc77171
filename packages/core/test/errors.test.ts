import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'
import { describe, expect, test, vi } from 'vitest'
import { IPC_ERROR_CODES, IpcError, type IpcErrorCode, type IpcErrorJson, isIpcError } from '../src/index.js'

const NAMES: Partial<Record<IpcErrorCode, string>> = {
  IPC_ABORTED: 'AbortError',
  IPC_TIMEOUT: 'TimeoutError',
}

/** A thread that returns what it gets. */
async function throughWorker(value: unknown): Promise<unknown> {
  const worker = new Worker(
    "require('worker_threads').parentPort.once('message', (m) => require('worker_threads').parentPort.postMessage(m))",
    { eval: true },
  )
  worker.postMessage(value)
  const [answer] = (await once(worker, 'message')) as [unknown]
  await worker.terminate()
  return answer
}

describe('IPC_ERROR_CODES', () => {
  test('are sorted and there is none twice', () => {
    expect([...new Set(IPC_ERROR_CODES)].sort()).toEqual([...IPC_ERROR_CODES])
  })

  test('are all in the README, each with a cause and what to do, and no others are', async () => {
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
    const rows = [...readme.matchAll(/^\| `(IPC_[A-Z_]+)` \| (.+?) \| (.+?) \|$/gm)]
    expect(rows.map(([, code]) => code)).toEqual([...IPC_ERROR_CODES])
    for (const [, code, cause = '', advice = ''] of rows) {
      expect(cause.length, `cause of ${code}`).toBeGreaterThan(15)
      expect(advice.length, `what to do about ${code}`).toBeGreaterThan(15)
    }
  })
})

describe.each(IPC_ERROR_CODES)('IpcError %s', (code) => {
  test('has the name, code, message, cause and details it was made with', () => {
    const cause = new Error('underneath')
    const error = new IpcError(code, 'what failed', { cause, details: { bytes: 3 } })
    expect(error).toBeInstanceOf(IpcError)
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({
      name: NAMES[code] ?? 'IpcError',
      code,
      message: 'what failed',
      cause,
      details: { bytes: 3 },
    })
    expect(error.stack).toContain('errors.test.ts')
    expect(isIpcError(error)).toBe(true)
    expect(isIpcError(error, code)).toBe(true)
    expect(IPC_ERROR_CODES.filter((other) => isIpcError(error, other))).toEqual([code])
  })

  test('survives JSON and structured clone by its plain form', () => {
    const plain = new IpcError(code, 'what failed', { details: { deep: { list: [1] } } }).toJSON()
    for (const copy of [JSON.parse(JSON.stringify(plain)), structuredClone(plain)] as IpcErrorJson[]) {
      expect(copy).toEqual(plain)
      const error = IpcError.fromJSON(copy)
      expect(error.toJSON()).toEqual(plain)
      expect(isIpcError(error, code)).toBe(true)
    }
  })
})

describe('IpcError', () => {
  test('has no cause and no details unless given', () => {
    const error = new IpcError('IPC_CLOSED', 'closed')
    expect('cause' in error).toBe(false)
    expect(error.details).toBeUndefined()
    expect(error.toJSON()).toEqual({ name: 'IpcError', code: 'IPC_CLOSED', message: 'closed' })
    expect(JSON.stringify({ error })).toBe(
      '{"error":{"name":"IpcError","code":"IPC_CLOSED","message":"closed"}}',
    )
  })

  test('loses its code in structured clone, and keeps it by its plain form through a worker', async () => {
    const error = new IpcError('IPC_PEER_LOST', 'gone', { details: { pid: 7 } })
    expect(isIpcError(structuredClone(error))).toBe(false)
    const rebuilt = IpcError.fromJSON((await throughWorker(error.toJSON())) as IpcErrorJson)
    expect(isIpcError(rebuilt, 'IPC_PEER_LOST')).toBe(true)
    expect(rebuilt).toMatchObject({ name: 'IpcError', message: 'gone', details: { pid: 7 } })
  })

  test('with a code that is not on the list is a TypeError', () => {
    expect(() => new IpcError('IPC_NEW' as IpcErrorCode, 'x')).toThrow(TypeError)
  })

  test.each([
    null,
    undefined,
    'IPC_CLOSED',
    {},
    { code: 'IPC_CLOSED' },
    { code: 'IPC_NEW', message: 'x' },
    { code: 'IPC_CLOSED', message: 5 },
  ])('fromJSON refuses %j', (json) => {
    expect(() => IpcError.fromJSON(json as unknown as IpcErrorJson)).toThrow(TypeError)
  })
})

describe('isIpcError', () => {
  test('knows errors of another copy of the module, which instanceof does not', async () => {
    vi.resetModules()
    const copy = await import('../src/errors.js')
    const error = new copy.IpcError('IPC_TIMEOUT', 'late')
    expect(copy.IpcError).not.toBe(IpcError)
    expect(error instanceof IpcError).toBe(false)
    expect(isIpcError(error, 'IPC_TIMEOUT')).toBe(true)
    expect(isIpcError(error, 'IPC_CLOSED')).toBe(false)
    expect(copy.isIpcError(new IpcError('IPC_CLOSED', 'x'), 'IPC_CLOSED')).toBe(true)
  })

  test.each([undefined, null, 0, '', 'IPC_CLOSED', {}, { code: 'IPC_CLOSED' }, new Error('x'), Symbol('x')])(
    'is false for %s',
    (value) => {
      expect(isIpcError(value)).toBe(false)
    },
  )

  test('is true for a subclass', () => {
    class Special extends IpcError {}
    expect(isIpcError(new Special('IPC_CLOSED', 'x'), 'IPC_CLOSED')).toBe(true)
  })
})
