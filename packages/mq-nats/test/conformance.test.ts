import { describeQueue, type QueueSetup } from '@ipc/conformance'
import type { MessageQueue } from '@ipc/core'
import { type NatsServer, natsObstacle, startNatsServer } from '@ipc/debian'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { afterAll, describe, expect, test } from 'vitest'
import { natsQueue } from '../src/index.js'

const OBSTACLE = await natsObstacle()

const capabilities = {
  durability: ['memory', 'os'],
  priorities: false,
  orderingKeys: false,
  delay: false,
  ttl: false,
  deduplication: true,
  deadLetters: true,
  transactions: false,
  redeliveryInPlace: false,
  startedAttempts: false,
  exactStates: false,
} as const

/** A lease of a minute and room for 1000 messages: what the suite expects where it says nothing. */
function settingsOf({ whenExpired: _, ...setup }: QueueSetup): object {
  return { leaseMs: 60_000, maxMessages: 1000, ...setup }
}

describe.runIf(OBSTACLE === undefined)('on a nats-server', () => {
  let shared: Promise<NatsServer> | undefined
  let tests = 0
  const servers: NatsServer[] = []
  const connections: NatsConnection[] = []

  async function server(): Promise<NatsServer> {
    const started = await startNatsServer()
    servers.push(started)
    return started
  }
  async function connection(): Promise<NatsConnection> {
    shared ??= server()
    const opened = await connect({ servers: (await shared).url })
    connections.push(opened)
    return opened
  }

  describeQueue({
    name: 'mq-nats',
    capabilities,
    async open(setup = {}) {
      const number = ++tests
      const own = await connection()
      const queue = await natsQueue<unknown>(own, `queue ${number}`, { create: settingsOf(setup) })
      return {
        queue,
        another: async () => ({ queue: await natsQueue<unknown>(await connection(), `queue ${number}`) }),
        sibling: (other = {}): Promise<MessageQueue<unknown>> =>
          natsQueue<unknown>(own, `sibling ${number}`, { create: settingsOf(other) }),
        async dispose() {
          for (const each of connections.splice(0)) await each.close()
        },
      }
    },
    async mortal() {
      const started = await server()
      // Whoever does not want to wait for the server to come back hears of it at once.
      const own = await connect({ servers: started.url, reconnect: false })
      return { queue: await natsQueue<unknown>(own, 'queue', { create: {} }), kill: () => started.kill() }
    },
  })

  afterAll(async () => {
    for (const each of servers) await each.remove()
  })
})

describe.runIf(OBSTACLE !== undefined)('where there is no nats-server', () => {
  test('nothing is tested, and this is why', () => expect(OBSTACLE).toContain('nats-server'))
})
