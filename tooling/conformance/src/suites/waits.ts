import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect } from 'vitest'
import { expectIpcError, expectMisuse, until, watch } from '../check.js'
import { type PairHarness, pairTest } from '../pair-test.js'

export function waitsSuite(harness: PairHarness): void {
  describe('waits', () => {
    pairTest(
      harness,
      'receive times out with IPC_TIMEOUT and takes no later message',
      async ({ local, remote }) => {
        const error = await expectIpcError(local.receive({ timeoutMs: 20 }), 'IPC_TIMEOUT')
        expect(error.name).toBe('TimeoutError')
        await remote.send(['for the next one'])
        expect(await local.receive()).toBe('for the next one')
      },
    )

    pairTest(harness, 'receive does not time out early', async ({ local }) => {
      const start = performance.now()
      await expectIpcError(local.receive({ timeoutMs: 60 }), 'IPC_TIMEOUT')
      // Timers of Node count in whole milliseconds.
      expect(performance.now() - start).toBeGreaterThanOrEqual(59)
    })

    pairTest(
      harness,
      'a timeout of 0 delivers what is there, and else times out',
      async ({ local, remote }) => {
        await expectIpcError(local.receive({ timeoutMs: 0 }), 'IPC_TIMEOUT')
        await remote.send(['there'])
        await until(() => local.stats().unreadMessages === 1)
        expect(await local.receive({ timeoutMs: 0 })).toBe('there')
        await expectIpcError(local.receive({ timeoutMs: 0 }), 'IPC_TIMEOUT')
      },
    )

    for (const timeoutMs of [Number.NaN, -1, Number.NEGATIVE_INFINITY, '10' as unknown as number]) {
      pairTest(
        harness,
        `a timeout of ${JSON.stringify(timeoutMs)} ${String(timeoutMs)} is a RangeError`,
        async (pair) => {
          const { local, remote } = pair
          await expectMisuse(() => local.receive({ timeoutMs }), RangeError)
          await remote.send(['later'])
          await until(() => local.stats().unreadMessages === 1)
          await expectMisuse(() => local.receive({ timeoutMs }), RangeError)
          expect(await local.receive()).toBe('later')
        },
      )
    }

    for (const timeoutMs of [2 ** 31, 2 ** 40, Number.MAX_VALUE, Number.POSITIVE_INFINITY]) {
      pairTest(harness, `a timeout of ${timeoutMs} ms waits for the message`, async ({ local, remote }) => {
        const received = local.receive({ timeoutMs })
        const watched = watch(received)
        await delay(20)
        expect(watched.state).toBe('pending')
        await remote.send(['worth it'])
        expect(await received).toBe('worth it')
      })
    }

    pairTest(harness, 'pending receives are served first come, first served', async ({ local, remote }) => {
      const order: number[] = []
      const receives = [0, 1, 2, 3].map((n) =>
        local.receive().then((message) => order.push(n, message as number)),
      )
      await remote.send([10, 11, 12, 13])
      await Promise.all(receives)
      expect(order).toEqual([0, 10, 1, 11, 2, 12, 3, 13])
    })

    pairTest(harness, 'a receive that timed out gives way to the next in line', async ({ local, remote }) => {
      const impatient = local.receive({ timeoutMs: 5 })
      const patient = local.receive()
      await expectIpcError(impatient, 'IPC_TIMEOUT')
      await remote.send(['one'])
      expect(await patient).toBe('one')
    })

    pairTest(
      harness,
      'a signal that fires after the message came changes nothing',
      async ({ local, remote }) => {
        const controller = new AbortController()
        const received = local.receive({ signal: controller.signal, timeoutMs: 60_000 })
        await remote.send(['first'])
        expect(await received).toBe('first')
        controller.abort()
        await remote.send(['second'])
        expect(await local.receive()).toBe('second')
        expect(local.status).toBe('open')
      },
    )

    pairTest(harness, 'an endless exchange starves neither timers nor other promises', async (pair) => {
      const { local, remote } = pair
      await remote.echo()
      let rounds = 0
      local.onMessage((message) => {
        rounds++
        if (local.status === 'open') local.send(message)
      })
      for (let i = 0; i < 10; i++) local.send(i)
      await delay(30)
      const before = rounds
      await until(() => rounds > before)
    })

    pairTest(harness, 'a busy peer only delays', async ({ local, remote }) => {
      await remote.echo()
      await remote.block(200)
      for (let i = 0; i < 50; i++) local.send(i)
      for (let i = 0; i < 50; i++) expect(await local.receive()).toBe(i)
    })
  })
}
