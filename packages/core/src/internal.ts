/**
 * For authors of transports: the connection core and its parts. Not covered by semantic versioning before 1.0, and no
 * type of this entry may show in a transport's public types.
 *
 * @packageDocumentation
 */
export { type ConnectionInit, createConnection } from './internal/connection-core.js'
export { Fifo } from './internal/fifo.js'
export {
  checkSize,
  DEFAULT_HIGH_WATER_MARK_BYTES,
  DEFAULT_MAX_BUFFERED_BYTES,
  DEFAULT_MAX_MESSAGE_BYTES,
  type LimitOptions,
  type Limits,
  MESSAGE_OVERHEAD_BYTES,
  resolveLimits,
} from './internal/limits.js'
export type { Link, LinkEvents } from './internal/link.js'
export {
  createListener,
  DEFAULT_BACKLOG,
  type FedListener,
  type ListenerSource,
} from './internal/listener-core.js'
export { Mailbox } from './internal/mailbox.js'
export { checkDurationMs, startTimer } from './internal/timer.js'
export { validate } from './internal/validate.js'
export { abortedError, startWait, type Wait } from './internal/wait.js'
