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
  ConsumeOptions,
  Consumer,
  DeadLetter,
  Delivery,
  Durability,
  IpcError,
  IpcErrorCode,
  Listener,
  ListenOptions,
  MessageCount,
  MessageQueue,
  OutgoingMessage,
  PeekedMessage,
  Peer,
  ProcessOptions,
  QueueCapabilities,
  QueueReceiveOptions,
  QueueSendOptions,
  QueueStats,
  QueueTransaction,
  SendOptions,
  SendReceipt,
  Transport,
  TransportCapabilities,
  Unsubscribe,
  WaitOptions,
} from '@ipc/core'
export { mq, mqProcess } from './mq.js'
export type { Authorize, QueueAccess, QueueOperation } from './queue/access.js'
export { type Broker, type BrokerOptions, createBroker } from './queue/broker.js'
export type { Clock, ClockTimer } from './queue/clock.js'
export { connectQueue, connectTopic } from './queue/connect-queue.js'
export { memoryStore } from './queue/memory/memory-store.js'
export type { OpenOptions } from './queue/open-queue.js'
export type { QueueSettings, WhenFull } from './queue/queue-settings.js'
export type {
  Definitions,
  KnownMessage,
  MessageContent,
  MessageState,
  MessageTable,
  QueueStore,
  StoredMessage,
  TableCounts,
} from './queue/queue-store.js'
export type { QueueTopic, SubscribeQueueOptions } from './queue/topic.js'
export type { NodePortTarget, PortTarget, ProcessTarget, WebPortTarget } from './targets.js'
