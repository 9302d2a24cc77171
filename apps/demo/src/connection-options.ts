import { bytes, type ConnectionOptions, msgpack, struct } from '@ipc/core'
import type { Phase } from './job.js'
import type { Shape } from './shape.js'

/** Options of the connections of both sides: the codec that fits what the phase sends. */
export function connectionOptions(shape: Shape, phase: Phase, encodes: boolean): ConnectionOptions {
  return encodes ? { codec: codecFor(shape, phase) as never } : {}
}

function codecFor(shape: Shape, phase: Phase): unknown {
  if (phase === 'blocks' || shape.kind === 'bytes') return bytes()
  if (shape.kind === 'flights') return struct({ delay: 'i16', distance: 'u16', time: 'f64' })
  return msgpack()
}
