import { MessageChannel } from 'node:worker_threads'
import {
  IN_MEMORY as capabilities,
  connectedQueues,
  describeQueue,
  type HostConnection,
  type StartedProcess,
  type StartedWorker,
  startProcess,
  startWorker,
} from '@ipc/conformance'
import { connectQueue, createBroker, mq, mqProcess } from '@ipc/mq'

describeQueue({
  name: 'mq (in process)',
  capabilities,
  async open(setup = {}) {
    const broker = createBroker()
    return {
      queue: await broker.queue('queue', { create: setup }),
      another: async () => ({ queue: await broker.queue('queue') }),
      sibling: (other = {}) => broker.queue('sibling', { create: other }),
      dispose: () => broker.close(),
    }
  },
})

const program = new URL('../fixtures/broker.ts', import.meta.url)
const openQueue = (
  connection: HostConnection['connection'],
  name: string,
  create: object,
): ReturnType<typeof connectQueue> => connectQueue(connection, name, { create })

const workers: StartedWorker[] = []
async function aWorker(): Promise<StartedWorker> {
  const worker = await startWorker(program)
  workers.push(worker)
  return worker
}
async function portTo({ worker }: StartedWorker): Promise<HostConnection> {
  const { port1, port2 } = new MessageChannel()
  worker.postMessage({ port: port2 }, [port2])
  return { connection: await mq().connect(port1), cut: async () => port1.close() }
}
let worker: Promise<StartedWorker> | undefined
describeQueue(
  connectedQueues({
    name: 'mq (broker in a worker)',
    capabilities,
    openQueue,
    async connect() {
      worker ??= aWorker()
      return portTo(await worker)
    },
    async mortal() {
      const started = await aWorker()
      return { ...(await portTo(started)), kill: () => started.kill() }
    },
    async dispose() {
      for (const started of workers) await started.kill()
    },
  }),
)

const processes: StartedProcess[] = []
async function aProcess(): Promise<StartedProcess> {
  const started = await startProcess(program)
  processes.push(started)
  return started
}
async function channelTo({ child }: StartedProcess): Promise<HostConnection> {
  const connection = await mqProcess().connect(child)
  return { connection, cut: async () => connection.abort() }
}
let child: Promise<StartedProcess> | undefined
describeQueue(
  connectedQueues({
    name: 'mq (broker in a child process)',
    capabilities,
    openQueue,
    async connect() {
      child ??= aProcess()
      return channelTo(await child)
    },
    async mortal() {
      const started = await aProcess()
      return { ...(await channelTo(started)), kill: () => started.kill() }
    },
    async dispose() {
      for (const started of processes) await started.kill()
    },
  }),
)
