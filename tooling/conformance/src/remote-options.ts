import type { Codec, ConnectionOptions } from '@ipc/core'

/** Options of the connection on the other side of a pair: plain JSON. */
export interface RemoteOptions {
  readonly highWaterMarkBytes?: number
  readonly maxBufferedBytes?: number
  readonly maxMessageBytes?: number
  readonly allowHalfOpen?: boolean
  /** `'raw'`: {@link rawCodec} in place of the default. */
  readonly codec?: 'raw'
}

/** The first byte of a message that {@link rawCodec} refuses to decode. */
export const POISON = 0xff

/** `Uint8Array`s as they are, so that a test knows the size of a message; what begins with {@link POISON} does not decode. */
export const rawCodec: Codec<Uint8Array, Uint8Array> = {
  name: 'conformance-raw',
  sizeOf(message) {
    if (!(message instanceof Uint8Array)) throw new TypeError(`a Uint8Array is wanted, got ${typeof message}`)
    return message.byteLength
  },
  encode(message, target, start, limit = target.byteLength) {
    if (!(message instanceof Uint8Array)) throw new TypeError(`a Uint8Array is wanted, got ${typeof message}`)
    if (start + message.byteLength > limit) return -1
    target.set(message, start)
    return start + message.byteLength
  },
  decode(source, start, end) {
    if (end > start && source[start] === POISON) throw new Error('poisoned message')
    return new Uint8Array(source.subarray(start, end))
  },
}

/** The connection options that `options` stand for; what the program on the other side passes to its transport. */
export function connectionOptions({ codec, ...limits }: RemoteOptions = {}): ConnectionOptions {
  return codec === 'raw' ? { ...limits, codec: rawCodec as Codec } : limits
}
