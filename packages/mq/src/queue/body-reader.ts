import { type Codec, type ConnectionOptions, type DeadLetter, IpcError, type PeekedMessage } from '@ipc/core'
import { validate } from '@ipc/core/internal'
import type { SentOut } from './commands.js'

/** Checks what comes in, as that of a connection does. */
export type Schema<T> = NonNullable<ConnectionOptions<T>['schema']>

/** What of a stored message is read. */
export type ReadableMessage = Pick<
  SentOut,
  'id' | 'attempts' | 'priority' | 'sentAt' | 'orderingKey' | 'headers' | 'body' | 'reason' | 'deadAt'
>

/** Turns stored messages into what the application sees. */
export interface BodyReader<T> {
  /** @throws IpcError `IPC_DECODE_FAILED`. */
  body(message: ReadableMessage): T
  peeked(message: ReadableMessage): PeekedMessage<T>
  dead(message: ReadableMessage): DeadLetter<T>
}

/** The reader for a codec and a schema. What has been looked at and cannot be decoded throws when its body is read. */
export function readerOf<T>(codec: Codec<T>, schema: Schema<T> | undefined): BodyReader<T> {
  const read = ({ body }: ReadableMessage): T => {
    try {
      const decoded = codec.decode(body, 0, body.length)
      return schema === undefined ? decoded : validate(schema, decoded)
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new IpcError('IPC_DECODE_FAILED', `message could not be decoded: ${reason}`, { cause })
    }
  }
  const peeked = (message: ReadableMessage): PeekedMessage<T> => ({
    get body() {
      return read(message)
    },
    id: String(message.id),
    attempt: message.attempts + 1,
    sentAt: new Date(message.sentAt),
    priority: message.priority,
    orderingKey: message.orderingKey,
    headers: message.headers ?? {},
  })
  return {
    body: read,
    peeked,
    dead: (message) => {
      const letter = peeked(message) as DeadLetter<T>
      // Not another attempt: how many there were.
      return Object.defineProperties(letter, {
        attempt: { value: message.attempts, enumerable: true },
        reason: { value: message.reason ?? '', enumerable: true },
        deadAt: { value: new Date(message.deadAt), enumerable: true },
      })
    },
  }
}
