import type { ChildProcess } from 'node:child_process'
import { IpcError } from '@ipc/core'
import type { Serialization } from '../p2-handle.js'
import type { Shape } from '../shape.js'
import type { Ends } from './ends.js'
import { NodeLink } from './node-link.js'

/**
 * Node's own `process.send`, one call for each message. Backpressure as Node documents it: after `false`, wait until
 * what was sent is written.
 */
class ProcessSendLink extends NodeLink {
  readonly #channel: ChildProcess | NodeJS.Process
  #unwritten = 0
  readonly #written = (): void => {
    if (--this.#unwritten === 0) this.flowing()
  }

  constructor(channel: ChildProcess | NodeJS.Process) {
    super()
    this.#channel = channel
    channel.on('message', (message: unknown) => this.take(message))
    channel.once('disconnect', () =>
      this.lost(new IpcError('IPC_PEER_LOST', 'the channel to the process is disconnected')),
    )
  }

  protected post(message: unknown): boolean {
    this.#unwritten++
    return this.#channel.send!(message as object, undefined, undefined, this.#written)
  }
}

/**
 * The faster serialization for what is sent: JSON for records (twice as fast as `advanced` for small objects), and
 * `advanced` for bytes, which JSON has no form for.
 */
export function processSendSerialization(shape: Shape, bytes: boolean): Serialization {
  return bytes || shape.kind === 'bytes' ? 'advanced' : 'json'
}

/** Node's own `process.send` between a process and its child, as a baseline. */
export const nodeProcessSendEnds: Ends = {
  encodes: false,
  connect: async ({ p2: { where } }) => {
    if (where.kind !== 'process') throw new TypeError('P2 must be a process')
    return new ProcessSendLink(where.child)
  },
  accept: async (_here, _options, ready) => {
    const link = new ProcessSendLink(process)
    ready('')
    return link
  },
}
