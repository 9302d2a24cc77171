import { msgpack } from '@ipc/core'
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream'
import { expect, test } from 'vitest'
import { listFrom } from '../../src/dead-letters.js'
import { namesOf } from '../../src/names.js'
import { killRandomly } from '../fixtures/kill-randomly.js'
import { describeOnServer } from '../fixtures/on-server.js'

const ROUNDS = Number(process.env.KILL_ROUNDS ?? 30)
const codec = msgpack<number>()
const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31)

describeOnServer('a server and consumers that are killed at random', (on) => {
  test.each([
    ['a queue that has room', 10_000],
    ['a queue that is full most of the time', 200],
  ])('lose nothing of %s that was acknowledged', { timeout: 900_000 }, async (_, maxMessages) => {
    const server = await on.server(['-js'])
    const connection = await on.connection({ servers: server.url })
    const queue = await on.queue({ create: { leaseMs: 1000, maxAttempts: 1000, maxMessages } }, connection)
    const plan = { rounds: ROUNDS, eachRound: 1000, seed: SEED, serverShare: 0.5 }
    const { sent, serverKills, lost, unexpected, repeated, afterAck } = await killRandomly(
      server,
      queue,
      plan,
    )
    process.stdout.write(
      `nats-server ${server.version}, seed ${SEED}, maxMessages ${maxMessages}: ${sent} sent, ` +
        `${serverKills} kills of the server, ${ROUNDS - serverKills} of consumers: ${lost.length} lost, ` +
        `${repeated} came more than once, ${afterAck} of them after their acknowledgement was confirmed\n`,
    )
    if (lost.length > 0) await report(await jetstreamManager(connection), queue.name, lost)
    expect(unexpected).toEqual([])
    expect(lost).toEqual([])
  })
})

/** Say where the messages are that came to nobody. */
async function report(manager: JetStreamManager, name: string, lost: readonly number[]): Promise<void> {
  const { stream, subject } = namesOf(name)
  const { state } = await manager.streams.info(stream)
  const consumers = await manager.consumers.list(stream).next()
  const stored = await listFrom(manager, stream, subject, 1, Number.POSITIVE_INFINITY)
  const places = new Map(
    stored.map(({ id, body }) => [codec.decode(body as Uint8Array, 0, (body as Uint8Array).length), id]),
  )
  for (const body of lost) {
    const seq = places.get(body)
    process.stdout.write(
      `${body}: ${seq === undefined ? 'not in the stream' : `number ${seq} in the stream`}\n`,
    )
  }
  process.stdout.write(`${JSON.stringify({ state, consumers }, null, 2)}\n`)
}
