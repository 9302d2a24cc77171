/**
 * Message passing over TCP, TLS and Unix sockets.
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
  IpcError,
  IpcErrorCode,
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
export type { Authorize } from './authorize.js'
export { net } from './net.js'
export { DEFAULT_HANDSHAKE_TIMEOUT_MS, type NetOptions } from './net-options.js'
export { REFUSED_CHANNEL, type RefusedConnection } from './refusals.js'
export type { Secret, SecretKeys } from './secret.js'
export type { Pem, TlsOptions } from './tls-options.js'
