import { MessageChannel } from 'node:worker_threads'
import { dyingConnection } from '@ipc/conformance'
import { createBroker, mq, mqProcess } from '@ipc/mq'
import { describe, expect, test } from 'vitest'
import { launchChild } from '../fixtures/launch.js'
import { settlesEveryCall } from './every-call.js'

const program = new URL('../fixtures/dying-broker.ts', import.meta.url)
/** With processes, a step in so many; `test:stress` has all of them. */
const STRIDE = Number(process.env.STRIDE ?? 24)

/** Returns how many steps there were. */
async function overPort(at: number): Promise<number> {
  const { port1, port2 } = new MessageChannel()
  const broker = createBroker()
  const listener = await mq().listen(port1)
  const [near, far] = await Promise.all([mq().connect(port2), listener.accept()])
  const { connection, steps } = dyingConnection(far, at, () => port1.close())
  broker.serve(connection)
  await settlesEveryCall(near, at !== Number.POSITIVE_INFINITY)
  near.abort()
  await broker.close()
  port1.close()
  return steps()
}

/** Returns whether a call has found the broker dead. */
async function overChild(at: number): Promise<boolean> {
  const child = launchChild(program, String(at))
  try {
    return await settlesEveryCall(await mqProcess().connect(child), true)
  } finally {
    child.kill('SIGKILL')
  }
}

describe('every promise settles', { timeout: 540_000 }, () => {
  test('when the port of its broker closes at any step', async () => {
    const steps = await overPort(Number.POSITIVE_INFINITY)
    expect(steps).toBeGreaterThan(100)
    for (let at = 1; at <= steps; at++) await overPort(at)
  })

  test('when its broker is killed at any step', async () => {
    let deaths = 0
    for (let at = 1; await overChild(at); at += STRIDE) deaths++
    expect(deaths).toBeGreaterThan(100 / STRIDE)
  })
})
