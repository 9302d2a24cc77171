import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { checkDurationMs, startTimer } from '../src/internal.js'

describe('checkDurationMs', () => {
  test.each([0, 0.5, 1, 2 ** 40, Number.MAX_VALUE, Number.POSITIVE_INFINITY])('takes %d', (value) => {
    expect(checkDurationMs('timeoutMs', value)).toBe(value)
  })

  test.each([-1, -0.1, Number.NaN, Number.NEGATIVE_INFINITY, '5', null, undefined, 5n])(
    'refuses %s',
    (value) => {
      expect(() => checkDurationMs('timeoutMs', value as number)).toThrow(RangeError)
      expect(() => checkDurationMs('timeoutMs', value as number)).toThrow(`got ${String(value)}`)
    },
  )
})

describe('startTimer', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test.each([1, 1000, 2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, 5 * 2 ** 31])(
    'fires after %d ms, not before',
    (delayMs) => {
      const onTime = vi.fn()
      startTimer(delayMs, onTime)
      vi.advanceTimersByTime(delayMs - 1)
      expect(onTime).toHaveBeenCalledTimes(0)
      vi.advanceTimersByTime(1)
      expect(onTime).toHaveBeenCalledTimes(1)
      expect(vi.getTimerCount()).toBe(0)
    },
  )

  test('fires in the next turn after 0 ms, not at once', () => {
    const onTime = vi.fn()
    startTimer(0, onTime)
    expect(onTime).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(onTime).toHaveBeenCalledTimes(1)
  })

  test('never fires after Infinity and holds no timer', () => {
    const onTime = vi.fn()
    const cancel = startTimer(Number.POSITIVE_INFINITY, onTime)
    expect(vi.getTimerCount()).toBe(0)
    cancel()
    expect(onTime).not.toHaveBeenCalled()
  })

  test.each([100, 3 * 2 ** 31])('does not fire once cancelled, %d ms', (delayMs) => {
    const onTime = vi.fn()
    const cancel = startTimer(delayMs, onTime)
    vi.advanceTimersByTime(delayMs - 1)
    cancel()
    cancel()
    vi.advanceTimersByTime(delayMs)
    expect(onTime).not.toHaveBeenCalled()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('holds a timer for a delay no clock reaches', () => {
    const cancel = startTimer(Number.MAX_VALUE, () => {})
    vi.advanceTimersByTime(2 ** 33)
    expect(vi.getTimerCount()).toBe(1)
    cancel()
  })
})
