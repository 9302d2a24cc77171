import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { functions } from './fixtures/hostile-program.js'
import { type Peer, startThread } from './fixtures/peer.js'

const SEEDS = 3_000

describe('a ring that somebody has written nonsense into', () => {
  let peer: Peer<typeof functions>
  beforeAll(async () => {
    peer = await startThread<typeof functions>(new URL('./fixtures/hostile-program.ts', import.meta.url))
  })
  afterAll(() => peer.kill())

  test.each(['spscRing', 'mpscRing', 'broadcastRing'] as const)(
    '%s: every call ends, within its memory, or throws IPC_PROTOCOL',
    async (ring) => {
      const { records, refused } = await peer.call('attack', ring, 1, SEEDS)
      // Or it was no attack.
      expect(records).toBeGreaterThan(0)
      expect(refused).toBeGreaterThan(0)
    },
  )
})
