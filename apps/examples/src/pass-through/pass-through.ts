import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import type { Connection, ConnectOptions, Listener, ListenOptions, Transport } from '@ipc/core'
import { type Codec, IpcError, msgpack } from '@ipc/core'
import type { Link, LinkEvents } from '@ipc/core/internal'
import { abortedError, createConnection, createListener, resolveLimits, startWait } from '@ipc/core/internal'
import { type Frame, StreamLink, type Streams } from './stream-link.js'

const [MAGIC, VERSION] = ['ipc pass-through', 1] as const
const BASICS = { model: 'message-passing', reach: 'thread', manyConnections: true } as const

/** Connections within one process, over pairs of streams: a transport as short as can be. */
export function passThrough(): Transport {
  const bound = new Map<string, (streams: Streams) => void>()
  return {
    name: 'pass-through',
    capabilities: { ...BASICS, transferLists: false, encodes: true },
    async connect<In, Out>(address: string, options: ConnectOptions<In, Out> = {}) {
      check('connect', address, options)
      const call = bound.get(address)
      if (call === undefined) throw new IpcError('IPC_CONNECT_FAILED', `nobody listens at ${address}`)
      const [up, down] = [new PassThrough({ objectMode: true }), new PassThrough({ objectMode: true })]
      call([up, down])
      const wait = startWait<Connection<In, Out>>('connect', options, () => up.destroy())
      meet([down, up], options).then(wait.resolve, wait.reject)
      return wait.promise
    },
    async listen<In, Out>(address: string, options: ListenOptions<In, Out> = {}) {
      check('listen', address, options)
      const stop = async (): Promise<void> => void bound.delete(address)
      const source = { address, stop, ref: () => {}, unref: () => {} }
      const listener = createListener<In, Out, string>(source, options.backlog)
      if (bound.has(address)) throw new IpcError('IPC_ADDRESS_IN_USE', `somebody listens at ${address}`)
      bound.set(address, (streams) => {
        if (!listener.accepting) throw new IpcError('IPC_CONNECT_FAILED', 'the backlog is full')
        const offer = (connection: Connection<In, Out>): void =>
          listener.accepting ? listener.offer(connection) : connection.abort('the backlog is full')
        // Who does not match finds that out by itself.
        meet(streams, options).then(offer, () => {})
      })
      return listener as Listener<In, Out>
    },
  }
}

function check(what: string, address: unknown, options: ConnectOptions): void {
  if (typeof address !== 'string') throw new TypeError(`address must be a string, got ${address}`)
  resolveLimits(options)
  if (options.signal?.aborted) throw abortedError(what, options.signal.reason)
}

/** Both sides greet, and find out whether they can talk. */
async function meet<In, Out>(
  streams: Streams,
  options: ConnectOptions<In, Out>,
): Promise<Connection<In, Out>> {
  const codec = options.codec ?? (msgpack() as Codec<In, Out>)
  const limits = resolveLimits(options)
  const ours = { magic: MAGIC, version: VERSION, codec: codec.name, maxMessageBytes: limits.maxMessageBytes }
  streams[1].write({ kind: 'greeting', ...ours } satisfies Frame)
  await once(streams[0], 'readable')
  const theirs: Frame = streams[0].read()
  if (theirs.kind !== 'greeting' || theirs.magic !== MAGIC) throw new IpcError('IPC_PROTOCOL', 'no greeting')
  if (theirs.version !== VERSION) throw new IpcError('IPC_VERSION_MISMATCH', `version ${theirs.version}`)
  if (theirs.codec !== codec.name)
    throw new IpcError('IPC_PROTOCOL', `codec ${theirs.codec}, not ${codec.name}`)
  const both = { ...limits, maxMessageBytes: Math.min(limits.maxMessageBytes, theirs.maxMessageBytes) }
  const link = (events: LinkEvents): Link<Out> => new StreamLink<Out>(streams, events, both, codec)
  return createConnection<In, Out>({ options: { ...options, codec }, limits, link })
}
