import { describe, expect } from 'vitest'
import { expectIpcError, expectSame } from '../check.js'
import { type PairHarness, pairTest } from '../pair-test.js'
import { connectionOptions } from '../remote-options.js'

const LIMIT = 10_000
const RAW = { codec: 'raw' } as const

export function limitsSuite(harness: PairHarness): void {
  describe('limits', () => {
    pairTest(
      harness,
      'a message above maxMessageBytes throws IPC_MESSAGE_TOO_LARGE and nothing is sent',
      async (pair) => {
        const { local, remote } = pair
        await expectIpcError(() => local.send(new Uint8Array(2 * LIMIT)), 'IPC_MESSAGE_TOO_LARGE')
        await expectIpcError(() => local.send('x'.repeat(2 * LIMIT)), 'IPC_MESSAGE_TOO_LARGE')
        await expectIpcError(() => local.send({ deep: ['x'.repeat(2 * LIMIT)] }), 'IPC_MESSAGE_TOO_LARGE')
        expect(local.stats()).toMatchObject({ status: 'open', messagesSent: 0, bytesSent: 0 })
        local.send('small')
        expect(await remote.receive(1)).toEqual(['small'])
      },
      { local: { maxMessageBytes: LIMIT }, remote: { maxMessageBytes: LIMIT } },
    )

    pairTest(
      harness,
      'a message of exactly maxMessageBytes passes, one byte more does not',
      async ({ local, remote }) => {
        for (const bytes of [LIMIT, LIMIT - 1]) {
          local.send(new Uint8Array(bytes))
          expectSame(await remote.receive(1), [new Uint8Array(bytes)])
        }
        await expectIpcError(() => local.send(new Uint8Array(LIMIT + 1)), 'IPC_MESSAGE_TOO_LARGE')
        local.send(new Uint8Array(1))
        expectSame(await remote.receive(1), [new Uint8Array(1)])
      },
      rawPair({ maxMessageBytes: LIMIT }, { maxMessageBytes: LIMIT }),
    )

    pairTest(
      harness,
      "the peer's smaller maxMessageBytes is respected",
      async ({ local, remote }) => {
        await expectIpcError(() => local.send(new Uint8Array(LIMIT + 1)), 'IPC_MESSAGE_TOO_LARGE')
        local.send(new Uint8Array(LIMIT))
        expectSame(await remote.receive(1), [new Uint8Array(LIMIT)])
      },
      rawPair({}, { maxMessageBytes: LIMIT }),
    )

    pairTest(
      harness,
      'the peer respects a smaller maxMessageBytes here',
      async ({ local, remote }) => {
        await expectIpcError(remote.send([new Uint8Array(LIMIT + 1)]), 'IPC_MESSAGE_TOO_LARGE')
        await remote.send([new Uint8Array(LIMIT)])
        expectSame(await local.receive(), new Uint8Array(LIMIT))
      },
      rawPair({ maxMessageBytes: LIMIT }, {}),
    )

    pairTest(
      harness,
      'a refused message between others leaves no gap and no trace',
      async ({ local, remote }) => {
        local.send(new Uint8Array([1]))
        await expectIpcError(() => local.send(new Uint8Array(5 * LIMIT)), 'IPC_MESSAGE_TOO_LARGE')
        local.send(new Uint8Array([2]))
        expectSame(await remote.receive(2), [new Uint8Array([1]), new Uint8Array([2])])
        expect((await remote.stats()).messagesReceived).toBe(2)
      },
      rawPair({ maxMessageBytes: LIMIT }, { maxMessageBytes: LIMIT }),
    )
  })
}

type Limited = { readonly maxMessageBytes?: number }

function rawPair(local: Limited, remote: Limited): Parameters<typeof pairTest>[3] {
  return { local: { ...connectionOptions(RAW), ...local }, remote: { ...RAW, ...remote } }
}
