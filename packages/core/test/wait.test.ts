import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { startWait } from '../src/internal.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('startWait', () => {
  test('resolves by value and leaves no timer and no listener', async () => {
    const { signal } = new AbortController()
    const onEnd = vi.fn()
    const wait = startWait<string>('receive', { signal, timeoutMs: 1000 }, onEnd)
    expect(vi.getTimerCount()).toBe(1)
    wait.resolve('here')
    expect(await wait.promise).toBe('here')
    expect(vi.getTimerCount()).toBe(0)
    expect(getEventListeners(signal, 'abort')).toEqual([])
    expect(onEnd).not.toHaveBeenCalled()
  })

  test('rejects by error and leaves no timer and no listener', async () => {
    const { signal } = new AbortController()
    const wait = startWait('receive', { signal, timeoutMs: 1000 }, () => {})
    wait.reject(new Error('gone'))
    await expect(wait.promise).rejects.toThrow('gone')
    expect(vi.getTimerCount()).toBe(0)
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  test('rejects IPC_TIMEOUT in time, after onEnd', async () => {
    const onEnd = vi.fn()
    const wait = startWait('receive', { timeoutMs: 50 }, onEnd)
    vi.advanceTimersByTime(50)
    expect(onEnd).toHaveBeenCalledTimes(1)
    await expect(wait.promise).rejects.toMatchObject({
      code: 'IPC_TIMEOUT',
      name: 'TimeoutError',
      message: 'receive timed out after 50 ms',
      details: { timeoutMs: 50 },
    })
  })

  test('rejects IPC_ABORTED by its signal, with the reason as cause', async () => {
    const controller = new AbortController()
    const onEnd = vi.fn()
    const wait = startWait('drained', { signal: controller.signal, timeoutMs: 50 }, onEnd)
    const reason = new Error('enough')
    controller.abort(reason)
    await expect(wait.promise).rejects.toMatchObject({
      code: 'IPC_ABORTED',
      name: 'AbortError',
      message: 'drained was aborted',
      cause: reason,
    })
    expect(onEnd).toHaveBeenCalledTimes(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('settles once: what comes later changes nothing', async () => {
    const controller = new AbortController()
    const onEnd = vi.fn()
    const wait = startWait<number>('receive', { signal: controller.signal, timeoutMs: 50 }, onEnd)
    wait.resolve(1)
    wait.resolve(2)
    wait.reject(new Error('late'))
    controller.abort()
    vi.advanceTimersByTime(100)
    expect(await wait.promise).toBe(1)
    expect(onEnd).not.toHaveBeenCalled()
  })

  test('refuses a timeout that makes no sense', () => {
    expect(() => startWait('receive', { timeoutMs: Number.NaN }, () => {})).toThrow(RangeError)
  })
})
