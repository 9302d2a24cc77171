/**
 * Message passing over ports, worker threads and child processes, with backpressure.
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
export { mq, mqProcess } from './mq.js'
export type { NodePortTarget, PortTarget, ProcessTarget, WebPortTarget } from './targets.js'
