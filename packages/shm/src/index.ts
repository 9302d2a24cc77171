/**
 * Shared memory for Node.js: named regions that processes attach, rings, and connections over them.
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
export { type FromBufferOptions, fromBuffer } from './from-buffer.js'
export { listRegions, type OpenRegionOptions, openRegion, removeRegion } from './named/open-region.js'
export { attachRegion, createRegion, type Region } from './region.js'
export { shm } from './shm.js'
export type { ShmConnectOptions, ShmListenOptions, ShmOptions } from './shm-options.js'
export { SpscRing } from './spsc-ring.js'
export type { ThreadPeer } from './thread-doorbell.js'
