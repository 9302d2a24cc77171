import {
  type Codec,
  type Connection,
  type ConnectionOptions,
  type ConnectOptions,
  IpcError,
  type Listener,
  type ListenOptions,
  type Transport,
  type TransportCapabilities,
} from '@ipc/core'
import {
  abortedError,
  checkDurationMs,
  createConnection,
  createListener,
  type FedListener,
  type Limits,
  type LinkEvents,
  resolveLimits,
} from '@ipc/core/internal'
import { MemoryLink } from './memory-link.js'

/** Makes the link of one end; a test may put a faulty one in. */
export type MakeMemoryLink = (
  events: LinkEvents,
  limits: Limits,
  codec: Codec | undefined,
) => MemoryLink<unknown>

/** Options of {@link memory}. */
export interface MemoryOptions {
  /**
   * Encode every message with this codec, as a transport of bytes does.
   *
   * @default structured clone
   */
  readonly codec?: Codec | undefined
}

/** Both ends of a connection in this process. */
export interface MemoryPair {
  readonly local: Connection
  readonly remote: Connection
  /** Lose the remote end as if its process had died. */
  killRemote(): void
}

/**
 * The reference transport: connections within one process, each message copied. It shows how to write a transport and
 * is what the suite itself is tested with.
 *
 * @example
 * ```ts
 * const transport = memory()
 * const listener = await transport.listen('here')
 * const [client, server] = await Promise.all([transport.connect('here'), listener.accept()])
 * ```
 */
export function memory(options: MemoryOptions = {}): Transport {
  return new MemoryTransport(options.codec)
}

/** Connect two ends directly, without listener and address. */
export function connectMemory(
  localOptions: ConnectionOptions = {},
  remoteOptions: ConnectionOptions = {},
  makeLink: MakeMemoryLink = (events, limits, codec) => new MemoryLink(events, limits, codec),
): MemoryPair {
  if (localOptions.codec?.name !== remoteOptions.codec?.name) {
    const names = `${localOptions.codec?.name ?? 'none'} and ${remoteOptions.codec?.name ?? 'none'}`
    throw new IpcError('IPC_PROTOCOL', `the sides use different codecs: ${names}`)
  }
  const localLimits = resolveLimits(localOptions)
  const remoteLimits = resolveLimits(remoteOptions)
  // The smaller limit holds for both: a sender must not send what the receiver would refuse.
  const maxMessageBytes = Math.min(localLimits.maxMessageBytes, remoteLimits.maxMessageBytes)
  const links: MemoryLink<unknown>[] = []
  const connectEnd = (options: ConnectionOptions, limits: Limits): Connection =>
    createConnection({
      options,
      limits,
      link(events) {
        const link = makeLink(events, { ...limits, maxMessageBytes }, options.codec)
        links.push(link)
        return link
      },
    })
  const local = connectEnd(localOptions, localLimits)
  const remote = connectEnd(remoteOptions, remoteLimits)
  const [localLink, remoteLink] = links as [MemoryLink<unknown>, MemoryLink<unknown>]
  MemoryLink.join(localLink, remoteLink)
  return { local, remote, killRemote: () => remoteLink.die() }
}

interface Bound {
  readonly listener: FedListener<unknown, unknown, string>
  readonly options: ListenOptions
}

class MemoryTransport implements Transport {
  readonly name = 'memory'
  readonly capabilities: TransportCapabilities
  readonly #codec: Codec | undefined
  readonly #bound = new Map<string, Bound>()

  constructor(codec: Codec | undefined) {
    this.#codec = codec
    const encodes = codec !== undefined
    this.capabilities = {
      model: 'message-passing',
      reach: 'thread',
      transferLists: !encodes,
      manyConnections: true,
      encodes,
    }
  }

  async connect<In, Out>(
    address: string,
    options: ConnectOptions<In, Out> = {},
  ): Promise<Connection<In, Out>> {
    checkAddress(address)
    resolveLimits(options)
    checkDurationMs('timeoutMs', options.timeoutMs ?? 0)
    const { signal } = options
    // What takes real transports a while takes a turn of the event loop here.
    if (signal?.aborted !== true) await new Promise((resolve) => setImmediate(resolve))
    if (signal?.aborted) throw abortedError('connect', signal.reason)
    const bound = this.#bound.get(address)
    if (bound === undefined || !bound.listener.accepting) {
      const why = bound === undefined ? 'nobody listens there' : 'its backlog is full'
      throw new IpcError('IPC_CONNECT_FAILED', `cannot connect to ${address}: ${why}`, {
        details: { address },
      })
    }
    const { local, remote } = connectMemory(this.#withCodec(options), this.#withCodec(bound.options))
    bound.listener.offer(remote)
    return local as unknown as Connection<In, Out>
  }

  async listen<In, Out>(
    address: string,
    options: ListenOptions<In, Out> = {},
  ): Promise<Listener<In, Out, string>> {
    checkAddress(address)
    resolveLimits(options)
    if (options.signal?.aborted) throw abortedError('listen', options.signal.reason)
    const stop = async (): Promise<void> => {
      this.#bound.delete(address)
    }
    const source = { address, stop, ref: () => {}, unref: () => {} }
    const listener = createListener<In, Out, string>(source, options.backlog)
    if (this.#bound.has(address)) {
      throw new IpcError('IPC_ADDRESS_IN_USE', `somebody listens at ${address} already`, {
        details: { address },
      })
    }
    this.#bound.set(address, { listener, options } as unknown as Bound)
    return listener
  }

  #withCodec<In, Out>(options: ConnectionOptions<In, Out>): ConnectionOptions {
    return { ...options, codec: options.codec ?? this.#codec } as ConnectionOptions
  }
}

function checkAddress(address: string): void {
  if (typeof address !== 'string' || address === '') {
    throw new TypeError(`address must be a non-empty string, got ${JSON.stringify(address)}`)
  }
}
