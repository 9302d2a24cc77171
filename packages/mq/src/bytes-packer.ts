import { IpcError } from '@ipc/core'
import { MESSAGE_OVERHEAD_BYTES } from '@ipc/core/internal'
import type { Batch, Encoder, Packer } from './batch.js'
import { LENGTH_BYTES } from './envelope.js'
import type { MessageLimit } from './message-limit.js'
import { MOVE_BYTES, Slab } from './slab.js'

/**
 * Batches of encoded messages: each with its length in front, all in one `Uint8Array`.
 *
 * @param asText - Write batches as base64, for a channel that carries only JSON.
 */
export function bytesPacker<Out>(codec: Encoder<Out>, limit: MessageLimit, asText: boolean): Packer<Out> {
  const slab = new Slab()
  let messages = 0
  return {
    get messages() {
      return messages
    },
    get cost() {
      return slab.end + messages * (MESSAGE_OVERHEAD_BYTES - LENGTH_BYTES)
    },
    add(message, transfer) {
      if (transfer !== undefined && transfer.length > 0) {
        throw new IpcError(
          'IPC_NOT_SUPPORTED',
          `an encoded message cannot transfer objects (codec ${codec.name})`,
        )
      }
      const bytes = encode(slab, codec, limit, message)
      messages++
      return bytes
    },
    take() {
      const { cost } = this
      const batch = bytesBatch(slab.take(), asText, messages, cost)
      messages = 0
      return batch
    },
  }
}

function bytesBatch(bytes: Uint8Array, asText: boolean, messages: number, cost: number): Batch {
  const batch: Batch = {
    kind: 'bytes',
    payload: [asText ? toBase64(bytes) : bytes],
    transfer: asText || bytes.byteLength < MOVE_BYTES ? undefined : [bytes.buffer],
    messages,
    cost,
    // Bytes are all alike: if together they cannot be posted, neither can they alone.
    singly: () => [],
  }
  return batch
}

/** Put `message` into the slab, with its length in front; returns how many bytes it has. */
function encode<Out>(slab: Slab, codec: Encoder<Out>, limit: MessageLimit, message: Out): number {
  const start = slab.end + LENGTH_BYTES
  const known = codec.sizeOf?.(message)
  if (known !== undefined) limit.check(known)
  slab.reserve(start + (known ?? 0))
  let end = codec.encode(message, slab.bytes, start)
  while (end < 0) {
    const { maxMessageBytes } = limit
    const room = slab.bytes.byteLength - start
    // Larger than the limit, then; how large is not known.
    if (room > maxMessageBytes) limit.check(maxMessageBytes + 1)
    slab.reserve(start + Math.min(2 * room + 256, maxMessageBytes + 1))
    end = codec.encode(message, slab.bytes, start)
  }
  const bytes = end - start
  limit.check(bytes)
  writeLength(slab.bytes, slab.end, bytes)
  slab.end = end
  return bytes
}

function writeLength(bytes: Uint8Array, at: number, length: number): void {
  bytes[at] = length
  bytes[at + 1] = length >>> 8
  bytes[at + 2] = length >>> 16
  bytes[at + 3] = length >>> 24
}

/** Only channels between Node processes carry JSON, so `Buffer` is there. */
function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}
