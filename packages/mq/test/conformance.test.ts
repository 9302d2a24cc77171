import { fork } from 'node:child_process'
import { once } from 'node:events'
import { MessageChannel } from 'node:worker_threads'
import {
  createPeers,
  describeTransport,
  type Pair,
  type PairOptions,
  type StartedProcess,
  startProcess,
  startWorker,
} from '@ipc/conformance'
import { PACKAGES_CONDITION } from '@ipc/conformance/packages-condition'
import type { Connection } from '@ipc/core'
import { mq, mqProcess } from '@ipc/mq'
import { channels } from './fixtures/channels.js'
import { jsonChildControl } from './fixtures/json-control.js'

const peer = new URL('./fixtures/peer.ts', import.meta.url)

const workers = createPeers(() => startWorker(peer))
describeTransport({
  name: 'mq (worker)',
  capabilities: mq().capabilities,
  canKill: true,
  values: [
    new Map([['a', new Set([1n])]]),
    new Date(0),
    /x/giu,
    [undefined, new Float64Array([1.5])],
    new Error('e'),
  ],
  async open({ local, remote } = {}): Promise<Pair> {
    const { port1, port2 } = new MessageChannel()
    const listener = await mq().listen(port1, local)
    const host = await workers.take()
    const [connection, other] = await Promise.all([
      listener.accept(),
      host.open({ port: port2 }, remote, [port2]),
    ])
    await listener.close()
    const dispose = async (): Promise<void> => {
      connection.abort()
      port1.close()
    }
    return { local: connection as unknown as Connection, remote: other, dispose }
  },
  endpoint: async () => channels(),
  dispose: () => workers.dispose(),
})

const advanced = createPeers(() => startProcess(peer))
describeTransport({
  name: 'mq (child process, advanced)',
  capabilities: mqProcess().capabilities,
  canKill: true,
  open: (options) => openProcess(advanced, options),
  dispose: () => advanced.dispose(),
})

const json = createPeers(startJsonProcess)
describeTransport({
  name: 'mq (child process, json)',
  capabilities: mqProcess().capabilities,
  canKill: true,
  open: (options) => openProcess(json, options),
  dispose: () => json.dispose(),
})

async function openProcess(processes: typeof advanced, { local, remote }: PairOptions = {}): Promise<Pair> {
  const host = await processes.take()
  const [connection, other] = await Promise.all([
    mqProcess().connect(host.program.child, local),
    host.open({}, remote),
  ])
  const dispose = async (): Promise<void> => connection.abort()
  return { local: connection as unknown as Connection, remote: other, dispose }
}

async function startJsonProcess(): Promise<StartedProcess> {
  const { href } = new URL(import.meta.resolve('tsx'))
  const child = fork(peer, [], {
    execArgv: ['--import', href, PACKAGES_CONDITION],
    env: { ...process.env, IPC_TEST_CONTROL: 'json' },
    serialization: 'json',
  })
  const control = jsonChildControl(child)
  await new Promise<void>((resolve, reject) => {
    const stop = control.onMessage(({ ipcConformance }) => {
      if (ipcConformance !== 'ready') return
      stop()
      resolve()
    })
    control.onEnd(reject)
  })
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
  return { child, control, kill }
}
