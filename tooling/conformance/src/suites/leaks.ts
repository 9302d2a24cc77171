import { getEventListeners } from 'node:events'
import { request } from '@ipc/core'
import { describe, expect, test } from 'vitest'
import { expectIpcError, until } from '../check.js'
import { type PairHarness, pairTest } from '../pair-test.js'

const CYCLES = 6

export function leaksSuite(harness: PairHarness): void {
  describe('leaks', () => {
    for (const [how, end] of [
      ['closed', (pair: { local: { close(): Promise<void> } }) => pair.local.close()],
      ['aborted', async (pair: { local: { abort(): void } }) => pair.local.abort()],
    ] as const) {
      test(`connections that were ${how} leave no timer, port or socket behind`, async () => {
        const cycle = async (): Promise<void> => {
          const pair = await harness.open()
          pair.local.send('ping')
          expect(await pair.remote.receive(1)).toEqual(['ping'])
          await end(pair)
          await pair.local.closed
          await pair.remote.closed()
          await pair.dispose()
        }
        await cycle()
        const before = resources()
        for (let i = 0; i < CYCLES; i++) await cycle()
        await until(() => grown(before, CYCLES).length === 0)
      })
    }

    pairTest(harness, 'waits leave no abort listener and no timer behind', async ({ local, remote }) => {
      await remote.serve()
      const { signal } = new AbortController()
      const before = resources()
      for (let i = 0; i < 5; i++) {
        const received = local.receive({ signal, timeoutMs: 1e9 })
        await remote.send([i])
        expect(await received).toBe(i)
        expect(await request(local, { reply: i }, { signal, timeoutMs: 1e9 })).toBe(i)
        await expectIpcError(local.receive({ signal, timeoutMs: 0 }), 'IPC_TIMEOUT')
        await local.drained({ signal })
      }
      await local.close({ signal })
      expect(getEventListeners(signal, 'abort')).toEqual([])
      await until(() => grown(before, 5).length === 0)
    })
  })
}

function resources(): Map<string, number> {
  const counts = new Map<string, number>()
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return counts
}

/** Kinds of which there are as many more as there were cycles: one more or less is the test runner's. */
function grown(before: Map<string, number>, cycles: number): string[] {
  return [...resources()].filter(([kind, n]) => n >= (before.get(kind) ?? 0) + cycles).map(([kind]) => kind)
}
