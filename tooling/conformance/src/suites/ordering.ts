import type { Connection } from '@ipc/core'
import { describe, expect } from 'vitest'
import { checkNumbered, type NumberedStream, numberedMessage, type Verdict } from '../numbered.js'
import { type PairHarness, pairTest } from '../pair-test.js'

const INTACT = (stream: NumberedStream): Verdict => ({ received: stream.count, problem: undefined })

export function orderingSuite(harness: PairHarness): void {
  describe('ordering', () => {
    for (const [sizes, bytes] of [
      ['one size', 64],
      ['mixed sizes', [4, 9000]],
    ] as const) {
      pairTest(harness, `numbered streams of ${sizes} keep their order both ways at once`, async (pair) => {
        const { local, remote } = pair
        const up: NumberedStream = { count: 4000, bytes }
        const down: NumberedStream = { count: 4000, bytes, first: 1_000_000 }
        const [upVerdict, downVerdict] = await Promise.all([
          remote.receiveNumbered(up),
          receiveNumbered(local, down),
          sendNumbered(local, up),
          remote.sendNumbered(down),
        ])
        expect(upVerdict).toEqual(INTACT(up))
        expect(downVerdict).toEqual(INTACT(down))
      })
    }

    pairTest(harness, 'big and small messages in turn keep their order', async ({ local, remote }) => {
      const small: NumberedStream = { count: 1, bytes: 8 }
      const big: NumberedStream = { count: 1, bytes: 400_000 }
      const judged = (async () => {
        const verdicts: Verdict[] = []
        for (let i = 0; i < 10; i++) {
          verdicts.push(await remote.receiveNumbered({ ...(i % 2 === 0 ? small : big), first: i }))
        }
        return verdicts
      })()
      for (let i = 0; i < 10; i++) await sendNumbered(local, { ...(i % 2 === 0 ? small : big), first: i })
      expect(await judged).toEqual(Array.from({ length: 10 }, () => INTACT(small)))
    })

    pairTest(
      harness,
      'order survives a reader that stops and goes on',
      async ({ local, remote }) => {
        const stream: NumberedStream = { count: 3000, bytes: 200 }
        const sent = sendNumbered(local, stream)
        const verdicts: Verdict[] = []
        for (let first = 0; first < stream.count; first += 1000) {
          verdicts.push(await remote.receiveNumbered({ ...stream, first, count: 1000 }))
          await remote.stats()
        }
        await sent
        expect(verdicts).toEqual(Array.from({ length: 3 }, () => ({ received: 1000, problem: undefined })))
      },
      { local: { highWaterMarkBytes: 16_384 }, remote: { highWaterMarkBytes: 16_384 } },
    )

    pairTest(harness, 'echoed messages come back in order while more are sent', async ({ local, remote }) => {
      const stream: NumberedStream = { count: 2000, bytes: [4, 600] }
      await remote.echo()
      const [, verdict] = await Promise.all([sendNumbered(local, stream), receiveNumbered(local, stream)])
      expect(verdict).toEqual(INTACT(stream))
    })

    pairTest(harness, 'push delivery keeps the order', async ({ local, remote }) => {
      const stream: NumberedStream = { count: 5000, bytes: 32 }
      const problems: string[] = []
      const all = new Promise<void>((resolve) => {
        let index = 0
        local.onMessage((message) => {
          const problem = checkNumbered(stream, index, message)
          if (problem !== undefined) problems.push(problem)
          index++
          if (index === stream.count) resolve()
        })
      })
      await Promise.all([all, remote.sendNumbered(stream)])
      expect(problems).toEqual([])
    })
  })
}

async function sendNumbered(connection: Connection, stream: NumberedStream): Promise<void> {
  for (let i = 0; i < stream.count; i++) {
    if (!connection.send(numberedMessage(stream, i))) await connection.drained()
  }
}

async function receiveNumbered(connection: Connection, stream: NumberedStream): Promise<Verdict> {
  for (let i = 0; i < stream.count; i++) {
    const problem = checkNumbered(stream, i, await connection.receive())
    if (problem !== undefined) return { received: i, problem }
  }
  return { received: stream.count, problem: undefined }
}
