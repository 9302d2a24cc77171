import { type ChildProcess, fork } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { describeOnServer } from '../fixtures/on-server.js'

const ROUNDS = 30
const EACH_ROUND = 1000
const CONSUMERS = 3
const PROGRAM = fileURLToPath(new URL('../fixtures/consumer.ts', import.meta.url))

describeOnServer('a server and consumers that are killed at random', (on) => {
  test('lose nothing that was acknowledged', { timeout: 900_000 }, async () => {
    const server = await on.server(['-js'])
    const queue = await on.queue(
      { create: { leaseMs: 1000, maxAttempts: 1000, maxMessages: 10_000 } },
      await on.connection({ servers: server.url }),
    )
    const received = new Map<number, number>()
    const consumers: ChildProcess[] = []
    const start = (): void => {
      const child = fork(PROGRAM, [server.url, queue.name], {
        execArgv: ['--import', import.meta.resolve('tsx'), '--conditions=@ipc/source'],
      })
      child.on('message', (body) => received.set(Number(body), (received.get(Number(body)) ?? 0) + 1))
      consumers.push(child)
    }
    for (let i = 0; i < CONSUMERS; i++) start()

    let sent = 0
    let kills = 0
    for (let round = 0; round < ROUNDS; round++) {
      const bodies = Array.from({ length: EACH_ROUND }, () => sent++)
      const sending = Promise.all(bodies.map((body) => queue.send(body)))
      await delay(Math.random() * 200)
      if (Math.random() < 0.5) {
        consumers.shift()?.kill('SIGKILL')
        start()
      } else await server.restart()
      kills++
      await sending
    }
    // Until all have come, or the server says that nothing more will.
    for (let idle = 0; received.size < sent && idle < 5; ) {
      await delay(1000)
      const { ready, leased } = await queue.stats()
      idle = ready + leased === 0 ? idle + 1 : 0
    }
    for (const child of consumers) child.kill('SIGKILL')

    const again = [...received.values()].reduce((sum, times) => sum + times - 1, 0)
    const missing = sent - received.size
    process.stdout.write(`${sent} sent, ${kills} kills: ${missing} lost, ${again} delivered more than once\n`)
    expect([...received.keys()].filter((body) => !(body >= 0 && body < sent))).toEqual([])
    expect(missing).toBe(0)
  })
})
