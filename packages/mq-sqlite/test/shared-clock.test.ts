import { expect, test, vi } from 'vitest'

/** A clock of a thread that stands still for a while whenever it has asked for the time. */
async function clockOfStarved(offset: Float64Array): Promise<{ now(): number }> {
  const stall = (): void => {
    const end = process.hrtime.bigint() + 20_000_000n
    while (hrtime() < end);
  }
  const hrtime = process.hrtime.bigint.bind(process.hrtime)
  const spy = vi.spyOn(process.hrtime, 'bigint').mockImplementation(() => {
    const time = hrtime()
    spy.mockImplementation(hrtime)
    stall()
    return time
  })
  vi.resetModules()
  const { SharedClock } = await import('../src/shared-clock.js')
  spy.mockRestore()
  return new SharedClock(offset)
}

test('a thread that got no processor while it loaded has the same time as the others', async () => {
  const { SharedClock } = await import('../src/shared-clock.js')
  const offset = new Float64Array(1)
  const clock = new SharedClock(offset)
  clock.start()
  const starved = await clockOfStarved(offset)
  const before = clock.now()
  const time = starved.now()
  const after = clock.now()
  expect(time).toBeGreaterThanOrEqual(before)
  expect(time).toBeLessThanOrEqual(after)
})
