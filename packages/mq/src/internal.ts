/**
 * For authors of queue stores: the parts of a queue that do not depend on where its messages are. Not covered by semantic
 * versioning before 1.0, and no type of this entry may show in a package's public types.
 *
 * @packageDocumentation
 */
export { checkName } from './queue/access.js'
export { type BodyReader, type ReadableMessage, readerOf } from './queue/body-reader.js'
export { deliveryIterator } from './queue/delivery-iterator.js'
export type { HandledDelivery, MessageStream } from './queue/message-stream.js'
export { outgoing } from './queue/outgoing.js'
export { Processing } from './queue/processing.js'
export { checkLeaseMs, type ResolvedSettings, resolveSettings } from './queue/queue-settings.js'
export type { NewMessage } from './queue/state-machine.js'
