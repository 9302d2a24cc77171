import { describe, expect, test } from 'vitest'
import {
  DEFAULT_HIGH_WATER_MARK_BYTES,
  DEFAULT_MAX_BUFFERED_BYTES,
  DEFAULT_MAX_MESSAGE_BYTES,
  resolveLimits,
} from '../src/internal.js'

describe('resolveLimits', () => {
  test('fills in the documented defaults', () => {
    expect(resolveLimits({})).toEqual({
      highWaterMarkBytes: DEFAULT_HIGH_WATER_MARK_BYTES,
      maxBufferedBytes: DEFAULT_MAX_BUFFERED_BYTES,
      maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
    })
    expect([DEFAULT_HIGH_WATER_MARK_BYTES, DEFAULT_MAX_BUFFERED_BYTES, DEFAULT_MAX_MESSAGE_BYTES]).toEqual([
      2 ** 20,
      2 ** 24,
      2 ** 24,
    ])
  })

  test('keeps the hard limit at twice a large high-water mark at least', () => {
    expect(resolveLimits({ highWaterMarkBytes: 2 ** 25 }).maxBufferedBytes).toBe(2 ** 26)
  })

  test('refuses a hard limit below the high-water mark', () => {
    expect(() => resolveLimits({ highWaterMarkBytes: 1000, maxBufferedBytes: 999 })).toThrow(
      'maxBufferedBytes must be an integer from 1000 to 2147483647, got 999',
    )
  })

  test.each([0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, '1' as unknown as number])(
    'refuses %s for each of them',
    (wrong) => {
      for (const name of ['highWaterMarkBytes', 'maxBufferedBytes', 'maxMessageBytes']) {
        expect(() => resolveLimits({ [name]: wrong })).toThrow(RangeError)
        expect(() => resolveLimits({ [name]: wrong })).toThrow(`got ${wrong}`)
      }
    },
  )
})
