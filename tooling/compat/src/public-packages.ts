/** A published package, as its users meet it. */
export interface PublicPackage {
  readonly name: string
  /** Folder under `packages/`. */
  readonly folder: string
  /** Packages of ours that it depends on, packed and installed beside it. */
  readonly needs: readonly string[]
  /** Of others, that its users install beside it. */
  readonly peers?: readonly string[]
  /** A user's first lines, which have to type-check. */
  readonly usage: string
  /** A program with the package as `api` that prints 42 and leaves nothing open that would keep it from exiting. */
  readonly program: string
}

/** All published packages. */
export const PACKAGES: readonly PublicPackage[] = [
  {
    name: '@ipc/core',
    folder: 'core',
    needs: [],
    usage: `
import { type Connection, isIpcError, request } from '@ipc/core'
export async function ask(connection: Connection): Promise<unknown> {
  try {
    return await request(connection, 'question', { timeoutMs: 1000 })
  } catch (error) {
    if (isIpcError(error, 'IPC_TIMEOUT')) return undefined
    throw error
  }
}
`,
    program: `
const codec = api.msgpack()
const bytes = new Uint8Array(64)
const end = codec.encode({ answer: 42 }, bytes, 0)
console.log(codec.decode(bytes, 0, end).answer)
`,
  },
  {
    name: '@ipc/shm',
    folder: 'shm',
    needs: ['@ipc/core'],
    usage: `
import { type Connection, shm } from '@ipc/shm'
export const connection: Promise<Connection<string, number>> = shm().connect<string, number>('prices')
`,
    program:
      process.platform === 'win32' ? bufferProgram() : connectionProgram('shm', "'packed-' + process.pid"),
  },
  {
    name: '@ipc/mq',
    folder: 'mq',
    needs: ['@ipc/core'],
    usage: `
import { MessageChannel } from 'node:worker_threads'
import { type Listener, mq, type PortTarget } from '@ipc/mq'
const { port1 } = new MessageChannel()
export const listener: Promise<Listener<string, string, PortTarget>> = mq().listen<string>(port1)
`,
    program: `const { port1, port2 } = new MessageChannel()\n${connectionProgram('mq', 'port1', 'port2')}`,
  },
  {
    name: '@ipc/mq-nats',
    folder: 'mq-nats',
    needs: ['@ipc/core', '@ipc/mq'],
    usage: `
import { type MessageQueue, natsQueue } from '@ipc/mq-nats'
import { connect } from '@nats-io/transport-node'
export const queue: Promise<MessageQueue<string>> = connect().then((connection) => natsQueue<string>(connection, 'jobs'))
`,
    // There is no server here.
    program: `
const closed = { isClosed: () => true }
await api.natsQueue(closed, 'jobs').catch(({ code }) => console.log(code === 'IPC_CLOSED' ? 42 : code))
`,
  },
  {
    name: '@ipc/net',
    folder: 'net',
    needs: ['@ipc/core'],
    usage: `
import { type Connection, net } from '@ipc/net'
export const connection: Promise<Connection<string, number>> = net().connect<string, number>('tcp://127.0.0.1:7000')
`,
    program: connectionProgram('net', "'tcp://127.0.0.1:0'"),
  },
  {
    name: '@ipc/mq-sqlite',
    folder: 'mq-sqlite',
    needs: ['@ipc/core', '@ipc/mq', '@ipc/shm'],
    peers: ['@photostructure/sqlite'],
    usage: `
import { type MessageQueue, openQueue } from '@ipc/mq-sqlite'
export const jobs: Promise<MessageQueue<{ url: string }>> = openQueue<{ url: string }>('./queues', 'jobs')
`,
    program: `
const queue = await api.openQueue('./queues-of-' + process.pid, 'answers')
await queue.send({ answer: 42 })
const delivery = await queue.receive()
console.log(delivery.body.answer)
await delivery.ack()
`,
  },
  {
    name: '@ipc/cli',
    folder: 'cli',
    needs: ['@ipc/core', '@ipc/mq', '@ipc/mq-sqlite', '@ipc/net', '@ipc/shm'],
    usage: `
import { EXIT_CODES, run } from '@ipc/cli'
const { stdin, stdout, stderr } = process
export const isThere: Promise<boolean> = run(['stat', 'prices'], {
  stdin, stdout, stderr, signal: new AbortController().signal,
}).then((code) => code !== EXIT_CODES.notFound)
`,
    program: `
const { stdin, stdout, stderr } = process
const terminal = { stdin, stdout: { write: () => true }, stderr, signal: new AbortController().signal }
console.log((await api.run(['ls', '--json'], terminal)) === 0 ? 42 : 'failed')
`,
  },
]

/** One message from a client to a server of the same process, and the end of everything. */
function connectionProgram(factory: string, address: string, peerAddress = 'listener.address'): string {
  return `
const transport = api.${factory}()
const listener = await transport.listen(${address})
const [server, client] = await Promise.all([listener.accept(), transport.connect(${peerAddress})])
client.send({ answer: 42 })
console.log((await server.receive()).answer)
await Promise.all([server.close(), client.close()])
await listener.close()
`
}

/** Named regions are not there yet on Windows; regions of a SharedArrayBuffer are everywhere. */
function bufferProgram(): string {
  return `
const region = api.createRegion(4096)
region.bytes[0] = 42
console.log(api.attachRegion(region.buffer).bytes[0])
`
}
