import { INSTALL_TIMEOUT_MS } from '@ipc/debian'
import { startTunnel, tunnelObstacle } from '@ipc/faults'
import type { NetOptions } from '@ipc/net'
import { describe, expect, test } from 'vitest'
import { SECRET } from './fixtures/secret.js'
import { startStream } from './fixtures/through-tunnel.js'

const OBSTACLE = await tunnelObstacle()
const PLAIN: NetOptions = { insecure: true }
const SECURED: NetOptions = { secret: SECRET }
const COUNT = 3000

if (OBSTACLE !== undefined) console.log(`not tested here: ${OBSTACLE}`)

describe.runIf(OBSTACLE === undefined)('between two hosts', { timeout: INSTALL_TIMEOUT_MS }, () => {
  test.each([
    ['tcp', PLAIN],
    ['tls', SECURED],
  ])('%s:// carries messages by address, through delay and loss', async (scheme, options) => {
    await using tunnel = await startTunnel({ delayMs: 10, lossPercent: 1, seed: 1 })
    const stream = await startStream(tunnel, {
      by: 'net',
      address: `${scheme}://${tunnel.addressB}:7000`,
      net: options,
      messageBytes: 1024,
      count: COUNT,
    })
    expect(await stream.until(({ total }) => total !== undefined)).toEqual({
      total: COUNT,
      closed: 'in order',
    })
    expect(await stream.sent).toMatchObject({ closed: 'in order' })
    expect((await tunnel.counts()).lost).toBeGreaterThan(0)
  })

  test.each([
    ['tcp', PLAIN],
    ['tls', SECURED],
  ])(
    '%s:// goes on after a partition that both sides have noticed: nothing is lost or repeated',
    async (scheme, options) => {
      await using tunnel = await startTunnel({ delayMs: 1, seed: 2 })
      const stream = await startStream(tunnel, {
        by: 'net',
        address: `${scheme}://${tunnel.addressB}:7000`,
        net: {
          ...options,
          silenceMs: 400,
          reconnect: { firstMs: 20, longestMs: 100 },
          handshakeTimeoutMs: 500,
        },
        messageBytes: 256,
        count: COUNT,
        pauseMs: 10,
      })
      await stream.until(({ received = 0 }) => received > 400)
      await tunnel.partition()
      // Longer than the silence that both sides tolerate, and than an attempt to connect.
      await new Promise((resolve) => setTimeout(resolve, 2000))
      await tunnel.heal()
      expect(await stream.until(({ total }) => total !== undefined)).toEqual({
        total: COUNT,
        closed: 'in order',
      })
      const { closed, resumes } = (await stream.sent)!
      expect({ closed, hasResumed: resumes! > 0 }).toEqual({ closed: 'in order', hasResumed: true })
    },
  )
})

describe.runIf(OBSTACLE !== undefined)('between two hosts, where there cannot be two', () => {
  test('nothing is tested, and this is why', async () => {
    await expect(startTunnel({ seed: 1 })).rejects.toThrow(OBSTACLE)
  })
})
