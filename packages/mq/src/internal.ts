/**
 * For authors of stores and brokers: the engine of queues, its clients, and what goes between them. Not covered by semantic
 * versioning before 1.0, and no type of this entry may show in a package's public types.
 *
 * @packageDocumentation
 */
export type { Clock } from './queue/clock.js'
export type { Command, CommandSink, QueueEvent } from './queue/commands.js'
export { type LostOwner, QueueEngine } from './queue/engine.js'
export { openQueue } from './queue/open-queue.js'
export { QueueLink } from './queue/queue-link.js'
export { resolveSettings } from './queue/queue-settings.js'
export { Session } from './queue/session.js'
export { StateMachine } from './queue/state-machine.js'
export { openTopic } from './queue/topic.js'
export { decodeBatch, encodeBatches } from './queue/wire/batches.js'
export { readCommand, writeCommand } from './queue/wire/command-format.js'
export { readEvent, writeEvent } from './queue/wire/event-format.js'
