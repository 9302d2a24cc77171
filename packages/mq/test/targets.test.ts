import { mq, mqProcess } from '@ipc/mq'
import { describe, expect, test } from 'vitest'
import { channel, held } from './fixtures/ports.js'

describe('targets', () => {
  test.each([
    ['nothing', undefined],
    ['a string', 'port'],
    ['an object', {}],
    ['a window', { postMessage() {}, addEventListener() {}, removeEventListener() {}, document: {} }],
    ['a process', process],
  ])('%s is no port: TypeError', async (_name, target) => {
    await expect(mq().connect(target as never)).rejects.toThrow(TypeError)
    await expect(mq().listen(target as never)).rejects.toThrow(TypeError)
  })

  test('a port is no process and a process is no port, and the error says where it belongs', async () => {
    const { port1 } = channel()
    await expect(mqProcess().connect(port1 as never)).rejects.toThrow(/reached by mq\(\)/)
    await expect(mq().connect({ send() {}, on() {}, off() {} } as never)).rejects.toThrow(
      /reached by mqProcess\(\)/,
    )
    await expect(mqProcess().listen({ on() {}, off() {}, connected: false } as never)).rejects.toThrow(
      TypeError,
    )
  })

  test('options that make no sense are refused at once', async () => {
    const { port1 } = channel()
    await expect(mq().connect(port1, { timeoutMs: Number.NaN })).rejects.toThrow(RangeError)
    await expect(mq().connect(port1, { highWaterMarkBytes: 0 })).rejects.toThrow(RangeError)
    await expect(mq().listen(port1, { backlog: 0.5 })).rejects.toThrow(RangeError)
    await expect(mq().listen(port1, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'IPC_ABORTED',
    })
    expect(held(port1)).toBe(false)
  })
})
