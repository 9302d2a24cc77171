import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { bytes, type Connection } from '@ipc/core'
import { net } from '@ipc/net'
import { compact, grouped } from '../figures.js'
import { type Actor, startActor } from './actor.js'
import { CannotShow, type Statement } from './statement.js'

/** Reserved for documentation: no other network has them. */
const NEAR_ADDRESS = '192.0.2.1'
const FAR_ADDRESS = '192.0.2.2'
/** What both machines know; of this run only. */
const SECRET_BYTES = 32
const MESSAGES = 50_000
const MESSAGE_BYTES = 1024

let far: Actor<typeof roles> | undefined
let accepted: Promise<Connection<Uint8Array>> | undefined

/** What came over the network, and from whom. */
export interface Remote {
  readonly came: number
  readonly wrong: number
  readonly seconds: number
  readonly peer: string
  readonly encrypted: boolean
}

/** What the processes do: one in each of two networks, which see nothing but each other. */
export const roles = {
  /** In the near network: start the far one, and lay a cable between both. */
  async build(): Promise<{ readonly near: string; readonly far: string }> {
    far = await startActor<typeof roles>('remote-machines', { command: ['unshare', '--net'] })
    const inFar = ['nsenter', '--net', '--target', String(far.pid)] as const
    await run(
      'ip',
      'link',
      'add',
      'name',
      'near',
      'type',
      'veth',
      'peer',
      'name',
      'far',
      'netns',
      String(far.pid),
    )
    await run('ip', 'address', 'add', `${NEAR_ADDRESS}/24`, 'dev', 'near')
    await run('ip', 'link', 'set', 'near', 'up')
    await run(...inFar, 'ip', 'address', 'add', `${FAR_ADDRESS}/24`, 'dev', 'far')
    await run(...inFar, 'ip', 'link', 'set', 'far', 'up')
    return { near: await roles.addresses(), far: await far.call('addresses') }
  },

  /** The addresses of the network that this process is in. */
  addresses: async (): Promise<string> => (await run('ip', '-brief', '-4', 'address')).trim(),

  async listen(secret: Uint8Array): Promise<string> {
    const listener = await net({ secret }).listen<Uint8Array>(`tls://${FAR_ADDRESS}:0`, { codec: bytes() })
    accepted = listener.accept()
    return listener.address
  },

  async receive(): Promise<Remote> {
    const connection = await accepted!
    let came = 0
    let wrong = 0
    const begin = performance.now()
    connection.onMessage((message) => {
      if (new DataView(message.buffer, message.byteOffset).getUint32(0) !== came++) wrong++
    })
    await connection.closed
    const { address: peer = '', encrypted = false } = connection.peer
    return { came, wrong, seconds: (performance.now() - begin) / 1000, peer, encrypted }
  },

  /** Send to the far network, whose process is a child of this one. */
  async send(secret: Uint8Array, count: number): Promise<Remote> {
    const address = await far!.call('listen', secret)
    const connection = await net({ secret }).connect<Uint8Array>(address, { codec: bytes() })
    const received = far!.call('receive')
    const message = new Uint8Array(MESSAGE_BYTES)
    const view = new DataView(message.buffer)
    for (let number = 0; number < count; number++) {
      view.setUint32(0, number)
      if (!connection.send(message)) await connection.drained()
    }
    await connection.close()
    return received
  },
}

/** Run a program; resolves with what it printed. */
async function run(program: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args)
  return stdout
}

export const statement: Statement = {
  number: 11,
  title: 'Message passing also serves processes on different machines.',
  async measure({ effort, start }) {
    const near = await startNear(start)
    const addresses = await near.call('build').catch((error: Error) => {
      throw new CannotShow(`no network between two namespaces: ${lineOf(error)}`)
    })
    const count = Math.ceil(MESSAGES * effort)
    const secret = crypto.getRandomValues(new Uint8Array(SECRET_BYTES))
    const { came, wrong, seconds, peer, encrypted } = await near.call('send', secret, count)
    const rate = (came * MESSAGE_BYTES) / seconds
    return {
      shown:
        came === count &&
        wrong === 0 &&
        encrypted &&
        addresses.near.includes(NEAR_ADDRESS) &&
        addresses.far.includes(FAR_ADDRESS) &&
        peer.includes(NEAR_ADDRESS),
      figure: `${grouped(came)} messages of ${MESSAGE_BYTES} bytes from ${NEAR_ADDRESS} to ${FAR_ADDRESS}, in order and encrypted, ${compact(rate)}B/s`,
      how:
        'Two network namespaces, each with an address of its own and a virtual cable between them, stood for two machines; ' +
        'a process in one sent to a process in the other over TLS 1.3 with a shared secret.',
      measurements: [
        {
          metric: 'throughput',
          subject: 'net (tls) between two networks',
          value: rate,
          unit: 'bytes per second',
        },
      ],
    }
  },
}

/** A process in a network of its own. Who is not root becomes it in a user namespace, where the system allows that. */
async function startNear(start: Parameters<Statement['measure']>[0]['start']): Promise<Actor<typeof roles>> {
  if (process.platform !== 'linux') throw new CannotShow('network namespaces are a feature of Linux')
  const asRoot = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']
  try {
    return await start<typeof roles>('remote-machines', ['unshare', ...asRoot, '--net'])
  } catch (error) {
    throw new CannotShow(`no network namespaces: ${lineOf(error as Error)}`)
  }
}

function lineOf({ message }: Error): string {
  return message.trim().replaceAll(/\s+/g, ' ').slice(0, 200)
}
