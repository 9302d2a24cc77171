import {
  type Codec,
  type ConnectionOptions,
  type ConnectOptions,
  type ListenOptions,
  msgpack,
  type TransportCapabilities,
} from '@ipc/core'
import { checkSize } from '@ipc/core/internal'
import { MAX_RING_BYTES, MIN_RING_BYTES } from '../ring/ring-layout.js'

/** Options of {@link shm}. */
export interface ShmOptions {
  /**
   * Where the names live; a directory of this user alone (mode 0700), made if it is not there.
   *
   * @default `/dev/shm/ipc-<uid>`, or such a directory below the system's temporary one where there is no `/dev/shm`
   */
  readonly directory?: string | undefined
  /**
   * Size of the ring of each direction, in bytes: a power of two. The listening side decides. Messages above a quarter
   * of it travel in fragments.
   *
   * @default 1 MiB
   */
  readonly ringBytes?: number | undefined
}

/** Options of `connect` of {@link shm}. */
export interface ShmConnectOptions<In = unknown, Out = In> extends ConnectOptions<In, Out> {}

/** Options of `listen` of {@link shm}. */
export interface ShmListenOptions<In = unknown, Out = In> extends ListenOptions<In, Out> {}

/** What {@link shm} can do. */
export const CAPABILITIES: TransportCapabilities = {
  model: 'shared-memory',
  reach: 'process',
  transferLists: false,
  manyConnections: true,
  encodes: true,
}

/** Default of `ringBytes`. */
export const DEFAULT_RING_BYTES: number = 2 ** 20

/** The codec of a connection: the caller's, or msgpack. */
export function codecOf<In, Out>(options: ConnectionOptions<In, Out>): Codec<In, Out> {
  return options.codec ?? (msgpack() as Codec<never, unknown> as Codec<In, Out>)
}

/**
 * Check the size of a ring given by the caller.
 *
 * @throws RangeError unless it is a power of two in bounds.
 */
export function checkRingBytes(ringBytes: number): number {
  checkSize('ringBytes', ringBytes, MIN_RING_BYTES, MAX_RING_BYTES)
  if ((ringBytes & (ringBytes - 1)) !== 0) {
    throw new RangeError(`ringBytes must be a power of two, got ${ringBytes}`)
  }
  return ringBytes
}
