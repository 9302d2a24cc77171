import { bytes, type ConnectionOptions, msgpack, struct } from '@ipc/core'
import type { Phase } from './job.js'
import type { Shape } from './shape.js'
import { LARGEST_BYTES } from './sizes.js'

/** Options of the connections of both sides: the codec that fits what the phase sends. */
export function connectionOptions(shape: Shape, phase: Phase, encodes: boolean): ConnectionOptions {
  const limits =
    phase === 'sizes' ? { maxBufferedBytes: 2 * LARGEST_BYTES, maxMessageBytes: LARGEST_BYTES } : {}
  return encodes ? { codec: codecFor(shape, phase) as never, ...limits } : limits
}

function codecFor(shape: Shape, phase: Phase): unknown {
  if (phase === 'blocks' || phase === 'sizes' || shape.kind === 'bytes') return bytes()
  if (shape.kind === 'flights') return struct({ delay: 'i16', distance: 'u16', time: 'f64' })
  return msgpack()
}
