import { describe, expect } from 'vitest'
import { expectIpcError, until } from '../check.js'
import { type PairHarness, pairTest } from '../pair-test.js'

const HALF_OPEN = { allowHalfOpen: true }
const COUNT = 3000
/** Beyond what both sides buffer: it takes backpressure to get it through. */
const BIG = new Uint8Array(10_000)

export function halfCloseSuite(harness: PairHarness): void {
  describe('half-close', () => {
    pairTest(
      harness,
      'a side that closes goes on reading, as much as the peer has',
      async ({ local, remote }) => {
        local.send('the last one from here')
        const closing = local.close()
        expect(await remote.receive(1)).toEqual(['the last one from here'])
        await expectIpcError(remote.receive(1), 'IPC_CLOSED')
        expect(await remote.status()).toBe('open')
        const sent = remote.send(Array.from({ length: COUNT }, (_, n) => n))
        for (let n = 0; n < COUNT; n++) expect(await local.receive()).toBe(n)
        await sent
        expect(local.status).toBe('closing')
        await expectIpcError(() => local.send('no more'), 'IPC_CLOSED')
        await remote.close()
        await closing
        expect(await local.closed).toMatchObject({ by: 'local', code: undefined })
        expect(await remote.closed()).toMatchObject({ by: 'remote', code: undefined })
      },
      { local: HALF_OPEN, remote: HALF_OPEN },
    )

    pairTest(
      harness,
      'a side that has closed and does not read stops its peer, and nothing is thrown away',
      async ({ local, remote }) => {
        const closing = remote.close()
        await expectIpcError(local.receive(), 'IPC_CLOSED')
        let sent = 0
        while (sent < COUNT && local.send({ n: sent++, bytes: BIG }));
        expect(sent).toBeLessThan(COUNT)
        const got = (await remote.receive(sent)) as { readonly n: number }[]
        expect(got.map(({ n }) => n)).toEqual(Array.from({ length: sent }, (_, n) => n))
        await local.drained()
        await local.close()
        await closing
        expect((await remote.closed()).discarded).toEqual({ messages: 0, bytes: 0 })
      },
      { local: HALF_OPEN, remote: HALF_OPEN },
    )

    pairTest(
      harness,
      'a peer that does not allow it closes by itself',
      async ({ local, remote }) => {
        await local.close()
        expect(await remote.closed()).toMatchObject({ by: 'remote', code: undefined })
      },
      { local: HALF_OPEN },
    )

    pairTest(
      harness,
      'a peer that is gone ends a connection that is half open',
      async ({ local, remote }) => {
        const closing = expectIpcError(local.close(), 'IPC_ABORTED')
        await expectIpcError(remote.receive(1), 'IPC_CLOSED')
        await remote.abort()
        await closing
        await until(() => local.status === 'closed')
      },
      { local: HALF_OPEN, remote: HALF_OPEN },
    )
  })
}
