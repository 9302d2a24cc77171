import { describe, expect } from 'vitest'
import { expectIpcError } from '../check.js'
import type { Pair } from '../harness.js'
import { checkNumbered, type NumberedStream, numberedMessage } from '../numbered.js'
import { type PairHarness, pairTest } from '../pair-test.js'

const STEPS = 60
const SIZES: NumberedStream = { count: Number.MAX_SAFE_INTEGER, bytes: [4, 3000] }

/** Random sequences of calls against a model: what each side has sent and how far the other has read. */
export function sequencesSuite(harness: PairHarness): void {
  describe('sequences', () => {
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      pairTest(
        harness,
        `any sequence of calls keeps order and loses nothing, seed ${seed}`,
        (pair) => play(pair, randomFrom(seed)),
        { local: { highWaterMarkBytes: 8192 }, remote: { highWaterMarkBytes: 8192 } },
      )
    }
  })
}

interface Model {
  /** Sent by this side and by the other one. */
  up: number
  down: number
  /** Read by the other side and by this one. */
  upRead: number
  downRead: number
}

async function play({ local, remote }: Pair, random: (below: number) => number): Promise<void> {
  const model: Model = { up: 0, down: 0, upRead: 0, downRead: 0 }
  let sending = Promise.resolve()
  const readHere = async (): Promise<void> => {
    expect(checkNumbered(SIZES, model.downRead, await local.receive())).toBeUndefined()
    model.downRead++
  }
  const steps = [
    async () => {
      for (let left = random(8); left > 0; left--) local.send(numberedMessage(SIZES, model.up++))
    },
    async () => {
      const count = random(8)
      const first = model.down
      // One after the other: a send that waits for room must not be overtaken by the next command.
      sending = sending.then(() => remote.sendNumbered({ ...SIZES, count, first }))
      model.down += count
    },
    async () => {
      for (let left = random(model.down - model.downRead + 1); left > 0; left--) await readHere()
    },
    async () => {
      const count = random(model.up - model.upRead + 1)
      const verdict = await remote.receiveNumbered({ ...SIZES, count, first: model.upRead })
      expect(verdict).toEqual({ received: count, problem: undefined })
      model.upRead += count
    },
    async () => {
      const message = local.tryReceive()
      if (message === undefined) return
      expect(checkNumbered(SIZES, model.downRead, message)).toBeUndefined()
      model.downRead++
    },
    async () => {
      await expectIpcError(local.receive({ signal: AbortSignal.abort() }), 'IPC_ABORTED')
    },
  ]
  for (let step = 0; step < STEPS; step++) await steps[random(steps.length)]?.()
  await finish({ local, remote }, model, sending, readHere)
}

/** Whatever is left is read, one side closes, and both agree. */
async function finish(
  { local, remote }: Pick<Pair, 'local' | 'remote'>,
  model: Model,
  sending: Promise<void>,
  readHere: () => Promise<void>,
): Promise<void> {
  while (model.downRead < model.down) await readHere()
  await sending
  const closing = local.close()
  const count = model.up - model.upRead
  const verdict = await remote.receiveNumbered({ ...SIZES, count, first: model.upRead })
  expect(verdict).toEqual({ received: count, problem: undefined })
  await closing
  await expectIpcError(remote.receive(1), 'IPC_CLOSED')
  expect(local.stats()).toMatchObject({
    messagesSent: model.up,
    messagesReceived: model.down,
    unreadMessages: 0,
  })
}

/** Numbers below a bound, the same for the same seed. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed * 0x9e3779b9
  return (below) => {
    state = Math.imul(state ^ (state >>> 15), 0x85ebca6b) + 0x6d2b79f5
    return ((state ^ (state >>> 13)) >>> 0) % below
  }
}
