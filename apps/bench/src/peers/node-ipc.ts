import { once } from 'node:events'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import nodeIpc from 'node-ipc'
import { Arrivals, type End, type Link, type LinkShape, type Side } from '../net/link.js'
import { FlowEnd } from './flow.js'

type Instance = InstanceType<typeof nodeIpc.IPC>

const MESSAGE = 'message'
const TAKEN = 'taken'
/** Of its messages only JSON arrives. */
const ENCODING = 'base64'

/** node-ipc over a Unix socket, as it has it by default. */
export const nodeIpcUnix: Link = {
  async near({ fars }, shape) {
    const path = (await fars[0]!.control.hear()) as string
    const ipc = makeInstance()
    let opened = 0
    const next = async (): Promise<Channel> => {
      const id = `connection ${opened++}`
      await new Promise<void>((resolve) => ipc.connectTo(id, path, resolve))
      const client = ipc.of[id]!
      await once(client.socket, 'connect')
      return {
        emit: (type, data) => client.emit(type, data),
        on: (type, listener) => client.on(type, listener),
      }
    }
    return new NodeIpcSide(shape, next, () => {
      for (const id of Object.keys(ipc.of)) ipc.disconnect(id)
    })
  },
  async far({ scratch, control }, shape) {
    const path = join(scratch, 'node-ipc.sock')
    const ipc = makeInstance()
    const channels = new Arrivals<Channel>()
    const channelOf = new Map<Socket, ServerChannel>()
    await new Promise<void>((resolve) => {
      ipc.serve(path, resolve)
      ipc.server.start()
    })
    ipc.server.on('connect', (socket: Socket) => {
      const channel = new ServerChannel(ipc, socket)
      channelOf.set(socket, channel)
      channels.put(channel)
    })
    for (const type of [MESSAGE, TAKEN]) {
      ipc.server.on(type, (data: string, socket: Socket) => channelOf.get(socket)?.took(type, data))
    }
    control.tell(path)
    return new NodeIpcSide(
      shape,
      () => channels.next(),
      () => {
        for (const socket of channelOf.keys()) socket.destroy()
        ipc.server.stop()
      },
    )
  },
}

function makeInstance(): Instance {
  const ipc = new nodeIpc.IPC()
  Object.assign(ipc.config, { silent: true, maxConnections: 1000, maxRetries: 0 })
  return ipc
}

/** One connection, of whichever side. */
interface Channel {
  emit(type: string, data: string): void
  on(type: string, listener: (data: string) => void): void
}

/** A server has listeners for all of its sockets together. */
class ServerChannel implements Channel {
  readonly #ipc: Instance
  readonly #socket: Socket
  readonly #listeners = new Map<string, (data: string) => void>()

  constructor(ipc: Instance, socket: Socket) {
    this.#ipc = ipc
    this.#socket = socket
  }

  emit(type: string, data: string): void {
    this.#ipc.server.emit(this.#socket, type, data)
  }

  on(type: string, listener: (data: string) => void): void {
    this.#listeners.set(type, listener)
  }

  took(type: string, data: string): void {
    this.#listeners.get(type)?.(data)
  }
}

class NodeIpcSide implements Side {
  readonly #shape: LinkShape
  readonly #next: () => Promise<Channel>
  readonly #stop: () => void

  constructor(shape: LinkShape, next: () => Promise<Channel>, stop: () => void) {
    this.#shape = shape
    this.#next = next
    this.#stop = stop
  }

  async open(count: number): Promise<readonly End[]> {
    const ends: End[] = []
    while (ends.length < count) ends.push(nodeIpcEnd(await this.#next(), this.#shape))
    return ends
  }

  async close(): Promise<void> {
    this.#stop()
  }
}

/** It has no backpressure. So the receiver says what it has taken. */
function nodeIpcEnd(channel: Channel, shape: LinkShape): FlowEnd {
  const end = new FlowEnd(shape, {
    send({ buffer, byteOffset, byteLength }) {
      channel.emit(MESSAGE, Buffer.from(buffer, byteOffset, byteLength).toString(ENCODING))
    },
    tellTaken: () => channel.emit(TAKEN, 'part'),
  })
  channel.on(MESSAGE, (data) => end.take(Buffer.from(data, ENCODING)))
  channel.on(TAKEN, () => end.acknowledged())
  return end
}
