/**
 * Shared memory for pages and their workers: what bundlers take for a browser. The same names as for Node.js; the
 * functions for named regions throw `IPC_NOT_SUPPORTED`, and bring nothing along that a page cannot use.
 *
 * @packageDocumentation
 */
export type {
  AbortOptions,
  CloseReason,
  Codec,
  Connection,
  ConnectionOptions,
  ConnectionStats,
  ConnectionStatus,
  ConnectOptions,
  Listener,
  ListenOptions,
  MessageCount,
  Peer,
  SendOptions,
  Transport,
  TransportCapabilities,
  Unsubscribe,
  WaitOptions,
} from '@ipc/core'
export { IpcError, isIpcError } from '@ipc/core'
export { type Condition, condition } from './lock/condition.js'
export { type HeldMutex, type Mutex, mutex } from './lock/mutex.js'
export { type Semaphore, type SemaphoreOptions, semaphore } from './lock/semaphore.js'
export { listRegions, openRegion, removeRegion, shm } from './not-in-pages.js'
export type {
  OpenRegionOptions,
  ReadOnlyOptions,
  RegionDirectory,
  RegionInfo,
} from './region/open-region.js'
export type { ReadOnlyRegion } from './region/read-only-region.js'
export {
  attachRegion,
  type CreateRegionOptions,
  createRegion,
  type LostPeer,
  type Region,
} from './region/region.js'
export { sharedBytes } from './region/shared-bytes.js'
export {
  type BroadcastConsumer,
  type BroadcastConsumerOptions,
  type BroadcastRing,
  broadcastRing,
} from './ring/broadcast-ring.js'
export { mpscRing } from './ring/mpsc-ring.js'
export type {
  Consumer,
  Producer,
  RecordListener,
  Ring,
  RingOptions,
  WriteOptions,
  WriteSyncOptions,
} from './ring/ring.js'
export { spscRing } from './ring/spsc-ring.js'
export { type FromBufferOptions, fromBuffer } from './transport/from-buffer.js'
export type { ShmConnectOptions, ShmListenOptions, ShmOptions } from './transport/shm-options.js'
export type { ThreadPeer } from './transport/thread-doorbell.js'
export {
  type SharedValue,
  type SharedValueOptions,
  type SharedValueReader,
  sharedValue,
} from './value/shared-value.js'
export type { BlockOptions } from './wait/participant.js'
export type { WaitStrategy } from './wait/spinner.js'
export { type Waitable, waitAny, waitAnySync } from './wait/waitable.js'
