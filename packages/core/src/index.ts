/**
 * The contracts of the toolkit: connections, transports and queues, errors, codecs, request and reply. `@ipc/core/topics`
 * has publish and subscribe.
 *
 * @packageDocumentation
 */
export { type BytesOptions, bytes } from './bytes.js'
export type { Codec } from './codec.js'
export type {
  AbortOptions,
  CloseReason,
  Connection,
  ConnectionOptions,
  ConnectionStats,
  ConnectionStatus,
  Incoming,
  Interceptor,
  MessageCount,
  Peer,
  SendOptions,
  Unsubscribe,
  WaitOptions,
} from './connection.js'
export { DIAGNOSTICS_CHANNELS, type DiagnosticsChannel } from './diagnostics.js'
export {
  IPC_ERROR_CODES,
  IpcError,
  type IpcErrorCode,
  type IpcErrorDetails,
  type IpcErrorJson,
  type IpcErrorOptions,
  isIpcError,
} from './errors.js'
export { json } from './json.js'
export type {
  ConsumeOptions,
  Consumer,
  DeadLetter,
  Delivery,
  Durability,
  MessageQueue,
  OutgoingMessage,
  PeekedMessage,
  ProcessOptions,
  QueueCapabilities,
  QueueReceiveOptions,
  QueueSendOptions,
  QueueStats,
  QueueTransaction,
  SendReceipt,
} from './message-queue.js'
export { msgpack } from './msgpack.js'
export { request } from './request.js'
export { type RequestContext, type ServeOptions, serve } from './serve.js'
export {
  type StructCodec,
  type StructFields,
  type StructFieldType,
  type StructMessage,
  type StructValue,
  struct,
} from './struct.js'
export type {
  ConnectOptions,
  Listener,
  ListenOptions,
  Transport,
  TransportCapabilities,
} from './transport.js'
