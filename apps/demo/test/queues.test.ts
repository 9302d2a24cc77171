import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  connectedQueues,
  describeQueue,
  type HostConnection,
  type StartedProcess,
  startProcess,
} from '@ipc/conformance'
import type { Connection } from '@ipc/core'
import { connectQueue } from '@ipc/mq'
import { net } from '@ipc/net'
import { shm } from '@ipc/shm'

/** Queues of `@ipc/mq` over the transports of other packages, which its own tests cannot use. */
const program = new URL('./fixtures/queue-broker.ts', import.meta.url)

const capabilities = {
  durability: ['memory'],
  priorities: true,
  orderingKeys: true,
  delay: true,
  ttl: true,
  deduplication: true,
  deadLetters: true,
  transactions: true,
  redeliveryInPlace: true,
  startedAttempts: true,
  exactStates: true,
} as const

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
