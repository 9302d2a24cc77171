import { describe, expect, test, vi } from 'vitest'
import { Mailbox } from '../src/internal.js'

describe('Mailbox', () => {
  test('gives values in order and counts their bytes', async () => {
    const onTaken = vi.fn()
    const box = new Mailbox<string>('receive', onTaken)
    box.put('a', 10)
    box.put('b', 5)
    expect([box.length, box.bytes]).toEqual([2, 15])
    expect(await box.take()).toBe('a')
    expect([box.length, box.bytes]).toEqual([1, 5])
    expect(box.tryTake()).toBe('b')
    expect(box.tryTake()).toBeUndefined()
    expect(onTaken).toHaveBeenCalledTimes(2)
  })

  test('hands a value to the taker that waited longest, without queueing it', async () => {
    const onTaken = vi.fn()
    const box = new Mailbox<string>('receive', onTaken)
    const takes = [box.take(), box.take()]
    expect(box.waiting).toBe(2)
    box.put('a', 10)
    expect([box.waiting, box.length, box.bytes]).toEqual([1, 0, 0])
    box.put('b', 10)
    expect(await Promise.all(takes)).toEqual(['a', 'b'])
    expect(onTaken).not.toHaveBeenCalled()
  })

  test('gives an error in the place of a value, at its cost', async () => {
    const box = new Mailbox<string>('receive')
    box.put('a', 1)
    box.putError(new Error('bad'), 7)
    box.put('b', 1)
    expect(box.bytes).toBe(9)
    expect(await box.take()).toBe('a')
    await expect(box.take()).rejects.toThrow('bad')
    expect(box.bytes).toBe(1)
    expect(await box.take()).toBe('b')
    box.putError(new Error('worse'), 1)
    expect(() => box.tryTake()).toThrow('worse')
    const waiting = box.take()
    box.putError(new Error('worst'), 1)
    await expect(waiting).rejects.toThrow('worst')
  })

  test('gives what is there after the end, then its error, for ever', async () => {
    const box = new Mailbox<string>('receive')
    box.put('last', 1)
    box.end(new Error('over'))
    box.end(new Error('over again'))
    expect(await box.take()).toBe('last')
    await expect(box.take()).rejects.toThrow(/^over$/)
    await expect(box.take({ timeoutMs: 0 })).rejects.toThrow(/^over$/)
    expect(box.tryTake()).toBeUndefined()
  })

  test('rejects every pending take at the end', async () => {
    const box = new Mailbox<string>('receive')
    const checks = [box.take(), box.take({ timeoutMs: 1e9 })].map((take) =>
      expect(take).rejects.toThrow('over'),
    )
    box.end(new Error('over'))
    await Promise.all(checks)
    expect(box.waiting).toBe(0)
  })

  test('forgets a taker that timed out or was aborted', async () => {
    const box = new Mailbox<string>('receive')
    const controller = new AbortController()
    const aborted = expect(box.take({ signal: controller.signal })).rejects.toMatchObject({
      code: 'IPC_ABORTED',
    })
    const patient = box.take()
    controller.abort()
    await aborted
    await expect(box.take({ timeoutMs: 1 })).rejects.toMatchObject({ code: 'IPC_TIMEOUT' })
    expect(box.waiting).toBe(1)
    box.put('a', 1)
    expect(await patient).toBe('a')
  })

  test('gives nothing to a caller whose signal is aborted, and refuses a wrong timeout, whatever is there', async () => {
    const box = new Mailbox<string>('receive')
    box.put('a', 1)
    await expect(box.take({ signal: AbortSignal.abort('why') })).rejects.toMatchObject({
      code: 'IPC_ABORTED',
      cause: 'why',
    })
    expect(() => box.take({ timeoutMs: -1 })).toThrow(RangeError)
    expect(await box.take({ timeoutMs: 0 })).toBe('a')
  })

  test('takes what matches out of the middle and keeps the rest in order', () => {
    const box = new Mailbox<number>('receive')
    for (let n = 1; n <= 6; n++) box.put(n, n)
    box.putError(new Error('bad'), 1)
    const seen: number[] = []
    box.takeMatching((n) => {
      seen.push(n)
      return n % 2 === 0
    })
    expect(seen).toEqual([1, 2, 3, 4, 5, 6])
    expect([box.length, box.bytes]).toEqual([4, 10])
    expect([box.tryTake(), box.tryTake(), box.tryTake()]).toEqual([1, 3, 5])
    expect(() => box.tryTake()).toThrow('bad')
  })

  test('is empty after clear', () => {
    const box = new Mailbox<number>('receive')
    box.put(1, 10)
    box.clear()
    expect([box.length, box.bytes, box.tryTake()]).toEqual([0, 0, undefined])
  })
})
