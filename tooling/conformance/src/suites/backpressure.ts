import { setTimeout as delay } from 'node:timers/promises'
import { type Connection, isIpcError } from '@ipc/core'
import { describe, expect } from 'vitest'
import { expectIpcError, fillUntilStuck, quiet, until, watch } from '../check.js'
import { checkNumbered, type NumberedStream, numberedMessage } from '../numbered.js'
import { type PairHarness, pairTest } from '../pair-test.js'

const MARK = 64 * 1024
const HARD_LIMIT = 1024 * 1024
const MESSAGE = 4096
const OPTIONS = {
  local: { highWaterMarkBytes: MARK, maxBufferedBytes: HARD_LIMIT },
  remote: { highWaterMarkBytes: MARK, maxBufferedBytes: HARD_LIMIT },
}
/** What may lie between two processes beside our own buffers: the kernel's, at their largest. */
const TRANSIT_BYTES = 24 * 1024 * 1024
/** What a reader may have had in its hands when it was told to stop. */
const OVERSHOOT_BYTES = 192 * 1024

const STREAM: NumberedStream = { count: Number.MAX_SAFE_INTEGER, bytes: MESSAGE }

export function backpressureSuite(harness: PairHarness): void {
  describe('backpressure', () => {
    pairTest(
      harness,
      'send returns false within a bounded number of bytes when the peer does not read',
      async (pair) => {
        const accepted = await fillUntilStuck(pair.local, MESSAGE)
        expect(accepted * MESSAGE).toBeLessThan(2 * HARD_LIMIT + TRANSIT_BYTES)
        const { congestions, bufferedBytes } = pair.local.stats()
        expect(congestions).toBeGreaterThan(0)
        expect(bufferedBytes).toBeLessThan(HARD_LIMIT)
      },
      OPTIONS,
    )

    pairTest(
      harness,
      'unread messages at a receiver that does not read are bounded',
      async ({ local, remote }) => {
        await fillUntilStuck(local, MESSAGE)
        const { unreadBytes } = await remote.stats()
        expect(unreadBytes).toBeGreaterThan(0)
        expect(unreadBytes).toBeLessThanOrEqual(MARK + OVERSHOOT_BYTES)
      },
      OPTIONS,
    )

    pairTest(
      harness,
      'a local connection that nobody reads stops the remote sender',
      async ({ local, remote }) => {
        const bound = 2 * HARD_LIMIT + TRANSIT_BYTES
        const sent = watch(remote.sendNumbered({ count: Math.ceil((2 * bound) / MESSAGE), bytes: MESSAGE }))
        await quiet(() => local.stats().messagesReceived)
        expect(sent.state).toBe('pending')
        expect(local.stats().unreadBytes).toBeLessThanOrEqual(MARK + OVERSHOOT_BYTES)
      },
      OPTIONS,
    )

    pairTest(
      harness,
      'ignoring false ends in IPC_QUEUE_FULL and loses nothing that was accepted',
      async (pair) => {
        const { local, remote } = pair
        const { accepted, error } = sendUntilRefused(local)
        expect(isIpcError(error, 'IPC_QUEUE_FULL')).toBe(true)
        expect(local.stats()).toMatchObject({ status: 'open', messagesSent: accepted })
        expect(local.stats().bufferedBytes).toBeLessThan(HARD_LIMIT + 2 * MESSAGE)
        expect(await remote.receiveNumbered({ ...STREAM, count: accepted })).toEqual({
          received: accepted,
          problem: undefined,
        })
        await local.drained()
        local.send('lives')
        expect(await remote.receive(1)).toEqual(['lives'])
      },
      OPTIONS,
    )

    pairTest(
      harness,
      'drained resolves once the peer reads again, for every caller',
      async ({ local, remote }) => {
        await fillUntilStuck(local, MESSAGE)
        const all = [local.drained(), local.drained(), local.drained()]
        const watched = all.map(watch)
        await delay(20)
        expect(watched.map(({ state }) => state)).toEqual(['pending', 'pending', 'pending'])
        await remote.startReading()
        await Promise.all(all)
        expect(local.send(new Uint8Array(MESSAGE))).toBe(true)
      },
      OPTIONS,
    )

    pairTest(
      harness,
      'drained resolves at once when nothing is congested',
      async ({ local }) => {
        await local.drained()
        expect(local.stats().congestions).toBe(0)
      },
      OPTIONS,
    )

    pairTest(
      harness,
      'drained aborted by its signal leaves other waits alone',
      async ({ local, remote }) => {
        await fillUntilStuck(local, MESSAGE)
        const controller = new AbortController()
        const aborted = local.drained({ signal: controller.signal })
        const other = local.drained()
        controller.abort(new Error('enough'))
        const error = await expectIpcError(aborted, 'IPC_ABORTED')
        expect(error.cause).toEqual(new Error('enough'))
        await remote.startReading()
        await other
      },
      OPTIONS,
    )

    pairTest(
      harness,
      'a stream through a slow reader arrives whole',
      async ({ local, remote }) => {
        const stream: NumberedStream = { count: 1500, bytes: [4, 4096] }
        const sending = remote.sendNumbered(stream)
        for (let i = 0; i < stream.count; i++) {
          if (i % 100 === 0) await delay(2)
          expect(checkNumbered(stream, i, await local.receive())).toBeUndefined()
        }
        await sending
      },
      OPTIONS,
    )

    pairTest(
      harness,
      'a message larger than the high-water mark passes',
      async ({ local, remote }) => {
        const stream: NumberedStream = { count: 4, bytes: 4 * MARK }
        const verdict = remote.receiveNumbered(stream)
        for (let i = 0; i < stream.count; i++) {
          if (!local.send(numberedMessage(stream, i))) await local.drained()
        }
        expect(await verdict).toEqual({ received: 4, problem: undefined })
      },
      OPTIONS,
    )

    pairTest(
      harness,
      'empty messages are bounded too',
      async ({ local, remote }) => {
        const empty = new Uint8Array(0)
        let accepted = 0
        await expectIpcError(() => {
          for (; accepted < 500_000; accepted++) local.send(empty)
        }, 'IPC_QUEUE_FULL')
        await remote.startReading()
        await until(async () => (await remote.stats()).messagesReceived === accepted)
      },
      OPTIONS,
    )
  })
}

function sendUntilRefused(connection: Connection): { accepted: number; error: unknown } {
  let accepted = 0
  try {
    for (; accepted * MESSAGE < 4 * (HARD_LIMIT + TRANSIT_BYTES); accepted++) {
      connection.send(numberedMessage(STREAM, accepted))
    }
  } catch (error) {
    return { accepted, error }
  }
  return { accepted, error: undefined }
}
