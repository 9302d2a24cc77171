/**
 * Message queues on NATS JetStream, for senders and receivers on many machines.
 *
 * @packageDocumentation
 */
export type {
  Codec,
  ConsumeOptions,
  Consumer,
  DeadLetter,
  Delivery,
  Durability,
  IpcError,
  IpcErrorCode,
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
  WaitOptions,
} from '@ipc/core'
export type { WhenFull } from '@ipc/mq'
export { type NatsQueueOptions, natsQueue } from './nats-queue.js'
export type { NatsQueueSettings } from './queue-config.js'
