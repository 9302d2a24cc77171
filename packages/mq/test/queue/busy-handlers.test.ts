import type { ChildProcess } from 'node:child_process'
import type { Worker } from 'node:worker_threads'
import { describeBusyHandlers } from '@ipc/conformance'
import { createBroker, mq, mqProcess } from '@ipc/mq'
import { launchChild, launchWorker } from '../fixtures/launch.js'

const program = new URL('../fixtures/busy-consumer.ts', import.meta.url)

describeBusyHandlers({
  name: 'in a worker thread',
  async open(leaseMs) {
    const broker = createBroker({ queues: { queue: { leaseMs } } })
    let worker: Worker | undefined
    return {
      queue: await broker.queue('queue'),
      async start(maxRunMs) {
        worker = launchWorker(program, String(maxRunMs ?? 0))
        broker.serve(await mq().listen(worker))
        return worker
      },
      async dispose() {
        await broker.close()
        await worker?.terminate()
      },
    }
  },
})

describeBusyHandlers({
  name: 'in a child process',
  async open(leaseMs) {
    const broker = createBroker({ queues: { queue: { leaseMs } } })
    let child: ChildProcess | undefined
    return {
      queue: await broker.queue('queue'),
      async start(maxRunMs) {
        child = launchChild(program, String(maxRunMs ?? 0))
        broker.serve(await mqProcess().listen(child))
        return child
      },
      async dispose() {
        await broker.close()
        child?.kill('SIGKILL')
      },
    }
  },
})
