/**
 * For authors of stores and brokers: the engine of queues, its clients, and what goes between them; and the parts of a queue
 * that do not depend on where its messages are. Not covered by semantic versioning before 1.0, and no type of this entry may
 * show in a package's public types.
 *
 * @packageDocumentation
 */
export { checkName } from './queue/access.js'
export { type BodyReader, type ReadableMessage, readerOf } from './queue/body-reader.js'
export type { Clock } from './queue/clock.js'
export type { Command, CommandSink, QueueEvent } from './queue/commands.js'
export { deliveryIterator } from './queue/delivery-iterator.js'
export { upTo } from './queue/durability.js'
export { type LostOwner, QueueEngine } from './queue/engine.js'
export type { HandledDelivery, MessageStream } from './queue/message-stream.js'
export { openQueue } from './queue/open-queue.js'
export { checkDurability, outgoing } from './queue/outgoing.js'
export { type ProcessedQueue, startProcessing } from './queue/processing.js'
export { QueueLink } from './queue/queue-link.js'
export {
  checkLeaseMs,
  MAX_BATCH,
  type ResolvedSettings,
  resolveSettings,
} from './queue/queue-settings.js'
export { readEach } from './queue/read-each.js'
export { Session } from './queue/session.js'
export { type NewMessage, StateMachine } from './queue/state-machine.js'
export { openTopic } from './queue/topic.js'
export { decodeBatch, encodeBatches } from './queue/wire/batches.js'
export { readCommand, writeCommand } from './queue/wire/command-format.js'
export { readEvent, writeEvent } from './queue/wire/event-format.js'
