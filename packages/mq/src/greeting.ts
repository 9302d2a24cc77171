import { type Codec, type Connection, type ConnectionOptions, IpcError } from '@ipc/core'
import { createConnection, type Limits, resolveLimits } from '@ipc/core/internal'
import { type Envelope, type Greeting, NO_CODEC, readGreeting, VERSION } from './envelope.js'
import type { Lane } from './port-hub.js'
import { PortLink } from './port-link.js'

/** One side of a connection before it has met the other. */
export interface Side<In, Out> {
  readonly transport: string
  /** With the transport's codec where the caller named none. */
  readonly options: ConnectionOptions<In, Out>
  readonly limits: Limits
  readonly greeting: Greeting
}

/**
 * The side that a transport's options make.
 *
 * @throws RangeError for limits that make no sense.
 */
export function sideOf<In, Out>(
  transport: string,
  options: ConnectionOptions<In, Out>,
  defaultCodec: Codec | undefined,
): Side<In, Out> {
  const limits = resolveLimits(options)
  const codec = options.codec ?? (defaultCodec as Codec<In, Out> | undefined)
  return {
    transport,
    options: { ...options, codec },
    limits,
    greeting: {
      version: VERSION,
      codec: codec?.name ?? NO_CODEC,
      maxMessageBytes: limits.maxMessageBytes,
      windowBytes: limits.highWaterMarkBytes,
      probe: new Uint8Array(1),
    },
  }
}

/**
 * The greeting of the other side, if the two can talk.
 *
 * @throws IpcError `IPC_VERSION_MISMATCH`, `IPC_PROTOCOL`.
 */
export function meet(mine: Greeting, [, kind, , first]: Envelope): Greeting {
  const theirs = readGreeting(first)
  if (theirs === undefined) throw new IpcError('IPC_PROTOCOL', `malformed ${kind}`)
  if (theirs.version !== mine.version) {
    throw new IpcError(
      'IPC_VERSION_MISMATCH',
      `this side speaks version ${mine.version} of the protocol, the other version ${theirs.version}`,
      { details: { ours: mine.version, theirs: theirs.version } },
    )
  }
  if (theirs.codec !== mine.codec) {
    throw new IpcError('IPC_PROTOCOL', `the sides use different codecs: ${mine.codec} and ${theirs.codec}`, {
      details: { ours: mine.codec, theirs: theirs.codec },
    })
  }
  return theirs
}

/** The connection of two sides that have met. */
export function openConnection<In, Out>(
  lane: Lane,
  { transport, options, limits }: Side<In, Out>,
  greeting: Greeting,
): Connection<In, Out> {
  const asText = !ArrayBuffer.isView(greeting.probe)
  return createConnection<In, Out>({
    options,
    limits,
    link: (events) =>
      new PortLink<Out>(lane, events, { transport, codec: options.codec, limits, greeting, asText }),
  })
}
