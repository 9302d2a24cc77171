/**
 * Message queues in a directory: durable, shared by any number of processes, without a daemon.
 *
 * @packageDocumentation
 */
export type {
  ConsumeOptions,
  Consumer,
  DeadLetter,
  Delivery,
  Durability,
  IpcError,
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
export type { OpenOptions, QueueSettings, QueueTopic, SubscribeQueueOptions } from '@ipc/mq'
export { openQueue, openTopic } from './open-queue.js'
