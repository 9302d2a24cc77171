import { IpcError, type IpcErrorJson } from '@ipc/core'

/**
 * What travels between the two ends of a port or process channel.
 *
 * Every envelope is one array, `[mark, kind, id, ...]`, so that both sides tell it from the application's own
 * messages, and the application tells it from its own.
 *
 * ```
 *   connecting side                     listening side
 *     hello    ------------------------->
 *              <-------------------------  welcome   (or refuse: over)
 *     ready    ------------------------->            only now the listener has a connection
 *     clones | bytes  <-------------------------->   messages, within the credit of the other side
 *     credit          <-------------------------->   "this many bytes have been taken in"
 *     end             <-------------------------->   "that was all"; over when both have said so
 *     abort           <-------------------------->   over at once
 * ```
 *
 * | kind      | after `id`            | meaning |
 * |-----------|-----------------------|---------|
 * | listening | -                     | a listener is there now (`id` is 0): whoever waits for one says hello again |
 * | hello     | {@link Greeting}      | asks for a connection with this `id` |
 * | welcome   | {@link Greeting}      | granted |
 * | refuse    | `IpcErrorJson`        | not granted |
 * | ready     | -                     | the welcome arrived in time |
 * | clones    | messages, their sizes | a batch; the messages travel by structured clone |
 * | bytes     | bytes or text         | a batch of encoded messages: for each its length (u32, little endian), then its bytes; as base64 where the channel carries only JSON |
 * | credit    | number                | bytes (with 64 per message) that may be sent in addition |
 * | end       | -                     | no more messages |
 * | abort     | `IpcErrorJson`        | the connection is over |
 *
 * The connecting side chooses `id` at random, so that ids of both sides, and of several copies of this package at one
 * port, do not meet. What comes for an unknown id is ignored: its connection has ended here already.
 */
export type Envelope = readonly [mark: typeof MARK, kind: string, id: number, ...rest: unknown[]]

/** The kinds of {@link Envelope} that are posted. */
export type EnvelopeKind =
  | 'listening'
  | 'hello'
  | 'welcome'
  | 'refuse'
  | 'ready'
  | 'clones'
  | 'bytes'
  | 'credit'
  | 'end'
  | 'abort'

/** First element of every {@link Envelope}. */
export const MARK = '@ipc/mq'

/** Version of what is described here. */
export const VERSION = 1

/** Bytes of the length in front of each message of a `bytes` batch. */
export const LENGTH_BYTES = 4

/** What each side tells about itself before the first message. */
export interface Greeting {
  readonly version: number
  /** Name of the codec, {@link NO_CODEC} without one. */
  readonly codec: string
  /** Larger messages are refused by this side. */
  readonly maxMessageBytes: number
  /** Credit that this side grants to begin with. */
  readonly windowBytes: number
  /** A `Uint8Array`; arrives as something else where the channel carries only JSON. */
  readonly probe: unknown
  /** What tells that this side is gone, where the port does not; see `PortLife`. */
  readonly life?: string | undefined
}

/** Stands for structured clone in {@link Greeting.codec}. */
export const NO_CODEC = 'structured-clone'

/** Whether a message that came in is one of ours. */
export function isEnvelope(message: unknown): message is Envelope {
  return (
    Array.isArray(message) &&
    message[0] === MARK &&
    typeof message[1] === 'string' &&
    Number.isSafeInteger(message[2])
  )
}

/** The greeting in an envelope, or `undefined` when it is not one. The version is checked by the caller, first. */
export function readGreeting(value: unknown): Greeting | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { version, codec, maxMessageBytes, windowBytes, life } = value as Partial<Greeting>
  if (!isSize(version)) return undefined
  // Another version may greet differently: only its number is looked at.
  if (version !== VERSION) return value as Greeting
  const areSizes = isSize(maxMessageBytes) && isSize(windowBytes)
  const isLife = life === undefined || typeof life === 'string'
  return typeof codec === 'string' && areSizes && isLife ? (value as Greeting) : undefined
}

/** The error in a `refuse` or `abort` envelope. */
export function readError(value: unknown): IpcError {
  try {
    return IpcError.fromJSON(value as IpcErrorJson)
  } catch (cause) {
    return new IpcError('IPC_PROTOCOL', 'the peer gave a reason that cannot be read', { cause })
  }
}

/** Whether `value` can be a size or a credit. */
export function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0
}
