import type { Connection } from '@ipc/core'
import { describe, expect } from 'vitest'
import { expectIpcError, fillUntilStuck } from '../check.js'
import type { Pair } from '../harness.js'
import { type PairHarness, pairTest } from '../pair-test.js'

/** One way to a state, and with what code calls are refused there. */
interface Situation {
  readonly name: string
  readonly reach: (pair: Pair) => Promise<void> | void
  readonly code: 'IPC_CLOSED' | 'IPC_ABORTED'
}

const ENDED: readonly Situation[] = [
  { name: 'closed here', reach: ({ local }) => local.close(), code: 'IPC_CLOSED' },
  {
    name: 'closed by the peer',
    async reach({ local, remote }) {
      await remote.close()
      await local.closed
    },
    code: 'IPC_CLOSED',
  },
  { name: 'aborted here', reach: ({ local }) => local.abort(), code: 'IPC_ABORTED' },
  {
    name: 'aborted by the peer',
    async reach({ local, remote }) {
      await remote.abort()
      await local.closed
    },
    code: 'IPC_ABORTED',
  },
]

/** Each method in each state that is not open. */
export function statesSuite(harness: PairHarness): void {
  describe('states', () => {
    for (const { name, reach, code } of ENDED) {
      pairTest(harness, `every method behaves when ${name}`, async (pair) => {
        const { local } = pair
        await reach(pair)
        expect(local.status).toBe('closed')
        await expectIpcError(() => local.send('x'), code)
        await expectIpcError(local.receive(), code)
        await expectIpcError(local.receive({ timeoutMs: 0 }), code)
        await expectIpcError(local.drained(), code)
        expect(local.tryReceive()).toBeUndefined()
        await quietMethods(local)
        expect((await local.closed).code).toBe(code === 'IPC_CLOSED' ? undefined : code)
      })
    }

    pairTest(
      harness,
      'every method behaves while closing',
      async ({ local, remote }) => {
        await fillUntilStuck(local)
        const closing = local.close()
        expect(local.status).toBe('closing')
        await expectIpcError(() => local.send('x'), 'IPC_CLOSED')
        expect(local.tryReceive()).toBeUndefined()
        await expectIpcError(local.receive({ timeoutMs: 0 }), 'IPC_TIMEOUT')
        const stop = local.onMessage(() => {})
        stop()
        expect(local.stats().status).toBe('closing')
        await remote.startReading()
        await closing
        expect(local.stats()).toMatchObject({ status: 'closed', bufferedMessages: 0 })
      },
      {
        local: { highWaterMarkBytes: 16_384, maxBufferedBytes: 65_536 },
        remote: { highWaterMarkBytes: 16_384 },
      },
    )
  })
}

/** What never fails, in whatever state. */
async function quietMethods(connection: Connection): Promise<void> {
  await connection.close()
  connection.abort()
  connection.ref()
  connection.unref()
  connection.onMessage(() => {})()
  connection.intercept(() => false)()
  expect(connection.stats().status).toBe('closed')
  expect(connection.peer.transport).toBeTypeOf('string')
  await connection[Symbol.asyncDispose]()
}
