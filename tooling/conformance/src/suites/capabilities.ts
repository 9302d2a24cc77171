import { describe, expect, test } from 'vitest'
import { expectIpcError, expectSame } from '../check.js'
import { type PairHarness, pairTest } from '../pair-test.js'

export function capabilitiesSuite(harness: PairHarness): void {
  const { capabilities } = harness
  describe('capabilities', () => {
    test('are plain JSON with every field of the contract', () => {
      expect(JSON.parse(JSON.stringify(capabilities))).toEqual(capabilities)
      expect(Object.keys(capabilities).sort()).toEqual([
        'encodes',
        'manyConnections',
        'model',
        'reach',
        'transferLists',
      ])
    })

    if (capabilities.transferLists) {
      pairTest(harness, 'a transferred buffer is moved, not copied', async ({ local, remote }) => {
        const bytes = new Uint8Array(100_000).fill(9)
        local.send(bytes, { transfer: [bytes.buffer] })
        expect(bytes.byteLength).toBe(0)
        expectSame(await remote.receive(1), [new Uint8Array(100_000).fill(9)])
      })
    } else {
      pairTest(
        harness,
        'send with a transfer list throws IPC_NOT_SUPPORTED and sends nothing',
        async (pair) => {
          const { local, remote } = pair
          const bytes = new Uint8Array(100).fill(9)
          await expectIpcError(() => local.send(bytes, { transfer: [bytes.buffer] }), 'IPC_NOT_SUPPORTED')
          expect(bytes.byteLength).toBe(100)
          expect(local.stats().messagesSent).toBe(0)
          local.send('next')
          expect(await remote.receive(1)).toEqual(['next'])
        },
      )
    }

    pairTest(harness, 'an empty transfer list is no transfer', async ({ local, remote }) => {
      local.send('plain', { transfer: [] })
      expect(await remote.receive(1)).toEqual(['plain'])
    })

    pairTest(harness, 'the peer is described by facts in plain JSON', async ({ local }) => {
      expect(local.peer.transport).toBeTypeOf('string')
      expect(JSON.parse(JSON.stringify(local.peer))).toEqual(local.peer)
    })
  })
}
