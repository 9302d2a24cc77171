import { availableParallelism, cpus } from 'node:os'
import { INSTALL_TIMEOUT_MS } from '@ipc/debian'
import { startTunnel, type Tunnel, tunnelObstacle } from '@ipc/faults'
import { describe, expect, test } from 'vitest'
import { SECRET } from '../fixtures/secret.js'
import type { StreamOptions } from '../fixtures/stream.js'
import { startStream } from '../fixtures/through-tunnel.js'

const OBSTACLE = await tunnelObstacle()
const ROUNDS = Number(process.env.ROUNDS ?? 5)
const MESSAGE_BYTES = 1024
const COUNT = 4096
const PARTITION_MS = 30_000

if (OBSTACLE !== undefined) console.log(`not run here: ${OBSTACLE}`)

/** Bytes per second of one stream, from its first byte to its last one. */
async function measure(tunnel: Tunnel, by: StreamOptions['by'], port: number): Promise<number> {
  const stream = await startStream(tunnel, {
    by,
    address: `tcp://${tunnel.addressB}:${port}`,
    net: { insecure: true },
    messageBytes: MESSAGE_BYTES,
    count: COUNT,
  })
  const { ms } = await stream.until(({ all }) => all === true)
  await stream.sent
  return (COUNT * MESSAGE_BYTES) / (ms! / 1000)
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!

describe.runIf(OBSTACLE === undefined)('between two hosts', { timeout: INSTALL_TIMEOUT_MS }, () => {
  test('a stream of 1 KiB messages, with 50 ms of delay and 1 % of loss, against a TCP socket alone', async () => {
    await using tunnel = await startTunnel({ delayMs: 50, lossPercent: 1, seed: 1 })
    const rates: Record<StreamOptions['by'], number[]> = { net: [], raw: [] }
    for (let round = 0; round < ROUNDS; round++) {
      // By turns, the first one by turns too: whatever else this machine does meets both.
      const order = round % 2 === 0 ? (['raw', 'net'] as const) : (['net', 'raw'] as const)
      for (const by of order)
        rates[by].push(await measure(tunnel, by, 7000 + 2 * round + (by === 'net' ? 1 : 0)))
    }
    const ratios = rates.net.map((rate, round) => rate / rates.raw[round]!)
    console.log(
      JSON.stringify({
        messages: COUNT,
        rounds: ROUNDS,
        netKiBps: rates.net.map((rate) => Math.round(rate / 1024)),
        rawKiBps: rates.raw.map((rate) => Math.round(rate / 1024)),
        ratioOfMedians: Number((median(rates.net) / median(rates.raw)).toFixed(3)),
        ratios: ratios.map((ratio) => Number(ratio.toFixed(2))),
        node: process.version,
        cpu: cpus()[0]?.model,
        cores: availableParallelism(),
      }),
    )
    expect(ratios).toHaveLength(ROUNDS)
  })

  test.each([
    ['tcp', { insecure: true }],
    ['tls', { secret: SECRET }],
  ])('%s:// goes on after a partition of 30 s: nothing is lost or repeated', async (scheme, options) => {
    await using tunnel = await startTunnel({ delayMs: 5, seed: 3 })
    const count = 60_000
    const stream = await startStream(tunnel, {
      by: 'net',
      address: `${scheme}://${tunnel.addressB}:7000`,
      net: { ...options, silenceMs: 5000 },
      messageBytes: 256,
      count,
      pauseMs: 1,
    })
    await stream.until(({ received = 0 }) => received > 5000)
    await tunnel.partition()
    await new Promise((resolve) => setTimeout(resolve, PARTITION_MS))
    await tunnel.heal()
    expect(await stream.until(({ total }) => total !== undefined)).toEqual({
      total: count,
      closed: 'in order',
    })
    const { closed, resumes } = (await stream.sent)!
    console.log(JSON.stringify({ scheme, partitionMs: PARTITION_MS, messages: count, resumes }))
    expect({ closed, hasResumed: resumes! > 0 }).toEqual({ closed: 'in order', hasResumed: true })
  })
})
