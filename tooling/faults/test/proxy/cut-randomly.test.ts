import { describe, expect, test } from 'vitest'
import { RandomCutter } from '../../src/proxy/cut-randomly.js'
import { createRandom } from '../../src/proxy/random.js'
import { type Family, startNetwork, turns, until } from './network.js'

const FAMILIES: readonly Family[] = ['tcp', 'unix']

describe('cutRandomly', () => {
  test.each(FAMILIES)('resets connections until it is stopped, over %s', async (family) => {
    await using network = await startNetwork({}, { family })
    const cutter = network.proxy.cutRandomly({ meanMs: 1 })
    let lost = 0
    let dialing = true
    const dialers = [0, 1, 2].map(async () => {
      while (dialing) {
        const { socket } = network.dial()
        await until(() => socket.readableEnded || socket.destroyed || !dialing)
        if (!dialing) return
        socket.destroy()
        lost++
      }
    })
    await cutter.reached(100)
    cutter.stop()
    const { count } = cutter
    expect(count).toBeGreaterThanOrEqual(100)
    await until(() => lost >= count)
    await turns(50)
    dialing = false
    await Promise.all(dialers)
    expect([cutter.count, lost]).toEqual([count, count])
    await cutter.reached(100)
    await expect(cutter.reached(count + 1)).rejects.toThrow(`stopped after ${count} cuts`)
  })

  test('has no timer while nobody is connected, and goes on with the next connection', async () => {
    await using network = await startNetwork()
    const cutter = network.proxy.cutRandomly({ meanMs: 0 })
    await turns(20)
    network.dial()
    await cutter.reached(1)
    await turns(20)
    network.dial()
    await cutter.reached(2)
    expect(cutter.count).toBe(2)
  })

  test('rejects who waits when the proxy is closed', async () => {
    await using network = await startNetwork()
    const reached = network.proxy.cutRandomly({ meanMs: 1 }).reached(1)
    const rejected = expect(reached).rejects.toThrow('stopped after 0 cuts')
    await network.proxy.close()
    await rejected
  })

  test('chooses by the seed', async () => {
    const first = await choices(1)
    expect(await choices(1)).toEqual(first)
    expect(await choices(2)).not.toEqual(first)
    expect(new Set(first).size).toBe(5)
  })

  async function choices(seed: number): Promise<number[]> {
    const chosen: number[] = []
    const living = [0, 1, 2, 3, 4].map((id) => ({ reset: () => chosen.push(id) }))
    const cutter = new RandomCutter({ meanMs: 0, random: createRandom(seed), living: () => living })
    await cutter.reached(40)
    cutter.stop()
    return chosen.slice(0, 40)
  }
})
