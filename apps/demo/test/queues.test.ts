import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  IN_MEMORY as capabilities,
  connectedQueues,
  describeBusyHandlers,
  describeQueue,
  expectEveryCallSettles,
  type HostConnection,
  type StartedProcess,
  startProcess,
} from '@ipc/conformance'
import { PACKAGES_CONDITION } from '@ipc/conformance/packages-condition'
import type { Connection } from '@ipc/core'
import { connectQueue, createBroker } from '@ipc/mq'
import { net } from '@ipc/net'
import { shm } from '@ipc/shm'
import { expect, test } from 'vitest'

/** Queues of `@ipc/mq` over the transports of other packages, which its own tests cannot use. */
const program = new URL('./fixtures/queue-broker.ts', import.meta.url)

let brokers = 0

/** Queues of brokers that listen at addresses of their own. */
function queuesOver(
  transport: 'shm' | 'net',
  newAddress: () => string,
  connect: (address: string) => Promise<Connection>,
): void {
  const started: StartedProcess[] = []
  const start = async (): Promise<{ readonly address: string; readonly program: StartedProcess }> => {
    const address = newAddress()
    const running = await startProcess(program, { args: [transport, address] })
    started.push(running)
    return { address, program: running }
  }
  const open = async (address: string): Promise<HostConnection> => {
    const connection = await connect(address)
    return { connection, cut: async () => connection.abort() }
  }
  let shared: ReturnType<typeof start> | undefined
  describeQueue(
    connectedQueues({
      name: `mq (broker over ${transport})`,
      capabilities,
      openQueue: (connection, name, create) => connectQueue(connection, name, { create }),
      async connect() {
        shared ??= start()
        return open((await shared).address)
      },
      async mortal() {
        const { address, program: running } = await start()
        return { ...(await open(address)), kill: () => running.kill() }
      },
      async dispose() {
        for (const { kill } of started) await kill()
      },
    }),
  )
}

const scratch = mkdtempSync(join(tmpdir(), 'ipc-queues-'))
process.once('exit', () => rmSync(scratch, { recursive: true, force: true }))

queuesOver(
  'net',
  () => `unix:${join(scratch, `broker-${++brokers}`)}`,
  (address) => net().connect(address),
)

if (process.platform === 'linux') {
  queuesOver(
    'shm',
    () => `queues-${process.pid}-${++brokers}`,
    (address) => shm().connect(address),
  )
}

async function start(file: URL, ...args: string[]): Promise<ChildProcess> {
  const child = fork(file, args, {
    execArgv: ['--import', import.meta.resolve('tsx'), PACKAGES_CONDITION],
  })
  await once(child, 'message')
  return child
}

const busy = new URL('./fixtures/busy-consumer.ts', import.meta.url)

describeBusyHandlers({
  name: 'over net',
  async open(leaseMs) {
    const address = `unix:${join(scratch, `busy-${++brokers}`)}`
    const broker = createBroker({ queues: { queue: { leaseMs } } })
    const listener = await net().listen(address)
    broker.serve(listener)
    let child: ChildProcess | undefined
    return {
      queue: await broker.queue('queue'),
      async start(maxRunMs) {
        child = await start(busy, address, String(maxRunMs ?? 0))
        return child
      },
      async dispose() {
        child?.kill('SIGKILL')
        await broker.close()
        await listener.close()
      },
    }
  },
})

const mortal = new URL('./fixtures/dying-broker.ts', import.meta.url)
/** A step in so many; the tests of @ipc/mq have more of them. */
const STRIDE = 40

test('over net, every promise settles when the broker is killed at any step', {
  timeout: 540_000,
}, async () => {
  let isFound = true
  let deaths = 0
  for (let at = 1; isFound; at += STRIDE) {
    const address = `unix:${join(scratch, `mortal-${++brokers}`)}`
    const child = await start(mortal, address, String(at))
    const connection = await net().connect(address)
    try {
      isFound = await expectEveryCallSettles({
        open: (name, create) => connectQueue(connection, name, { create }),
        dies: true,
      })
      if (isFound) deaths++
    } finally {
      connection.abort()
      child.kill('SIGKILL')
    }
  }
  expect(deaths).toBeGreaterThan(80 / STRIDE)
})
