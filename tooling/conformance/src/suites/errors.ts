import type { Codec, ConnectionOptions } from '@ipc/core'
import { describe, expect } from 'vitest'
import { expectIpcError, expectMisuse, expectSame, quiet, uncaughtDuring, until } from '../check.js'
import { type PairHarness, pairTest } from '../pair-test.js'
import { POISON, rawCodec } from '../remote-options.js'

/** A schema by hand: even numbers, which come out halved. */
const halfOfEven: NonNullable<ConnectionOptions<number>['schema']> = {
  '~standard': {
    version: 1,
    vendor: 'conformance',
    validate(value) {
      if (typeof value === 'number' && value % 2 === 0) return { value: value / 2 }
      return { issues: [{ message: 'not an even number', path: ['n'] }] }
    },
  },
}

const SCHEMA = { local: { schema: halfOfEven } as ConnectionOptions }
const RAW = {
  local: { codec: rawCodec as Codec },
  remote: { codec: 'raw' },
} as const

export function errorsSuite(harness: PairHarness): void {
  describe('errors', () => {
    pairTest(
      harness,
      'a message that does not match the schema is IPC_DECODE_FAILED in its place',
      async (pair) => {
        const { local, remote } = pair
        await remote.send([2, 'odd one', 4])
        expect(await local.receive()).toBe(1)
        const error = await expectIpcError(local.receive(), 'IPC_DECODE_FAILED')
        expect(error.message).toContain('not an even number')
        expect(await local.receive()).toBe(2)
        expect(local.stats()).toMatchObject({ status: 'open', decodeFailures: 1, messagesReceived: 3 })
      },
      SCHEMA,
    )

    pairTest(
      harness,
      'a decode failure waits in its place and is thrown by tryReceive too',
      async ({ local, remote }) => {
        await remote.send([2, 3, 4])
        await until(() => local.stats().messagesReceived === 3)
        expect(local.tryReceive()).toBe(1)
        await expectIpcError(() => local.tryReceive(), 'IPC_DECODE_FAILED')
        expect(local.tryReceive()).toBe(2)
      },
      SCHEMA,
    )

    pairTest(
      harness,
      'a decode failure reaches onDecodeError in push mode, in order',
      async ({ local, remote }) => {
        const seen: unknown[] = []
        local.onMessage(
          (message) => seen.push(message),
          ({ code }) => seen.push(code),
        )
        await remote.send([2, 3, 4])
        await until(() => seen.length === 3)
        expect(seen).toEqual([1, 'IPC_DECODE_FAILED', 2])
      },
      SCHEMA,
    )

    pairTest(
      harness,
      'a decode failure without onDecodeError is counted only',
      async ({ local, remote }) => {
        const seen: unknown[] = []
        local.onMessage((message) => seen.push(message))
        await remote.send([3, 5, 8])
        await until(() => seen.length === 1)
        expect(seen).toEqual([4])
        expect(local.stats()).toMatchObject({ status: 'open', decodeFailures: 2 })
      },
      SCHEMA,
    )

    pairTest(
      harness,
      'bytes the codec cannot decode are IPC_DECODE_FAILED on that message only',
      async (pair) => {
        const { local, remote } = pair
        await remote.send([new Uint8Array([1]), new Uint8Array([POISON]), new Uint8Array([2])])
        expectSame(await local.receive(), new Uint8Array([1]))
        await expectIpcError(local.receive(), 'IPC_DECODE_FAILED')
        expectSame(await local.receive(), new Uint8Array([2]))
        local.send(new Uint8Array([3]))
        expectSame(await remote.receive(1), [new Uint8Array([3])])
      },
      RAW,
    )

    pairTest(
      harness,
      'decode failures that nobody reads do not pile up without bound',
      async ({ local, remote }) => {
        const flood = remote.sendNumbered({ count: 200_000, bytes: 400 })
        flood.catch(() => {})
        await quiet(() => local.stats().messagesReceived)
        expect(local.stats().decodeFailures).toBeGreaterThan(0)
        expect(local.stats().decodeFailures).toBeLessThan(20_000)
      },
      { local: { ...SCHEMA.local, highWaterMarkBytes: 65_536 }, remote: { highWaterMarkBytes: 65_536 } },
    )

    pairTest(
      harness,
      'a message the codec refuses is a TypeError and nothing is sent',
      async ({ local, remote }) => {
        await expectMisuse(() => local.send('not bytes'), TypeError)
        expect(local.stats()).toMatchObject({ status: 'open', messagesSent: 0, bufferedMessages: 0 })
        local.send(new Uint8Array([1]))
        expectSame(await remote.receive(1), [new Uint8Array([1])])
      },
      RAW,
    )

    pairTest(
      harness,
      'a function is not a message: TypeError and nothing is sent',
      async ({ local, remote }) => {
        await expectMisuse(() => local.send({ f: () => 1 }), TypeError)
        await expectMisuse(() => local.send(Symbol('s')), TypeError)
        local.send('next')
        expect(await remote.receive(1)).toEqual(['next'])
        expect(local.stats().messagesSent).toBe(1)
      },
    )

    pairTest(
      harness,
      'a listener that throws disturbs neither the connection nor other listeners',
      async (pair) => {
        const { local, remote } = pair
        const seen: unknown[] = []
        const errors = await uncaughtDuring(async () => {
          local.onMessage((message) => {
            throw new Error(`listener failed on ${String(message)}`)
          })
          local.onMessage((message) => seen.push(message))
          await remote.send([1, 2])
          await until(() => seen.length === 2)
        })
        expect(seen).toEqual([1, 2])
        expect(errors).toEqual([new Error('listener failed on 1'), new Error('listener failed on 2')])
        expect(local.status).toBe('open')
      },
    )

    pairTest(
      harness,
      'pulling while a listener is attached is a TypeError, until it unsubscribes',
      async (pair) => {
        const { local, remote } = pair
        const stop = local.onMessage(() => {})
        await expectMisuse(() => local.receive(), TypeError)
        await expectMisuse(() => local.tryReceive(), TypeError)
        stop()
        await remote.send(['pulled'])
        expect(await local.receive()).toBe('pulled')
      },
    )

    pairTest(harness, 'a listener while a receive is pending is a TypeError', async ({ local, remote }) => {
      const pending = local.receive()
      await expectMisuse(() => local.onMessage(() => {}), TypeError)
      await expectMisuse(() => local.onMessage('no function' as never), TypeError)
      await remote.send(['pulled'])
      expect(await pending).toBe('pulled')
    })
  })
}
