import { MessageChannel } from 'node:worker_threads'
import { dyingConnection } from '@ipc/conformance'
import { createBroker, mq } from '@ipc/mq'
import { describe, expect, test } from 'vitest'
import { settlesEveryCall } from './every-call.js'
import { killAtSteps } from './mortal-broker.js'

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

describe('every promise settles', { timeout: 540_000 }, () => {
  test('when the port of its broker closes at any step', async () => {
    const steps = await overPort(Number.POSITIVE_INFINITY)
    expect(steps).toBeGreaterThan(100)
    for (let at = 1; at <= steps; at++) await overPort(at)
  })

  test('when its broker is killed', async () => {
    // At all of the steps in test:stress.
    expect(await killAtSteps(24)).toBeGreaterThan(4)
  })
})
