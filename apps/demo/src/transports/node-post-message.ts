import { type MessagePort, parentPort, type Worker } from 'node:worker_threads'
import { IpcError } from '@ipc/core'
import type { Ends } from './ends.js'
import { NodeLink } from './node-link.js'

/** As much as our own connections let be under way by default. */
const WINDOW_BYTES = 2 ** 20

/**
 * Node's own `postMessage`, one call for each message. A port has no backpressure: the receiver says now and then how
 * much it has taken, or memory would grow without bound.
 */
class PostMessageLink extends NodeLink {
  readonly #port: MessagePort | Worker
  #underWay = 0
  #taken = 0

  constructor(port: MessagePort | Worker) {
    super()
    this.#port = port
    port.on('message', (message: unknown) => {
      if (typeof message === 'number') this.#acknowledged(message)
      else this.#received(message)
    })
    port.once('exit', () => this.lost(new IpcError('IPC_PEER_LOST', 'the worker has ended')))
    port.once('close', () => this.lost(new IpcError('IPC_PEER_LOST', 'the port was closed')))
  }

  protected post(message: unknown): boolean {
    this.#underWay += cost(message)
    this.#port.postMessage(message)
    return this.#underWay < WINDOW_BYTES
  }

  #acknowledged(bytes: number): void {
    this.#underWay -= bytes
    if (this.#underWay <= WINDOW_BYTES / 2) this.flowing()
  }

  #received(message: unknown): void {
    this.#taken += cost(message)
    if (this.#taken >= WINDOW_BYTES / 4) {
      this.#port.postMessage(this.#taken)
      this.#taken = 0
    }
    this.take(message)
  }
}

function cost(message: unknown): number {
  return 64 + (message instanceof Uint8Array ? message.length : 0)
}

/** Node's own `postMessage` between a thread and its worker, as a baseline. */
export const nodePostMessageEnds: Ends = {
  encodes: false,
  connect: async ({ p2: { where } }) => {
    if (where.kind !== 'thread') throw new TypeError('P2 must be a thread')
    return new PostMessageLink(where.worker)
  },
  accept: async (_here, _options, ready) => {
    if (parentPort === null) throw new TypeError('P2 must be a thread')
    const link = new PostMessageLink(parentPort)
    ready('')
    return link
  },
}
