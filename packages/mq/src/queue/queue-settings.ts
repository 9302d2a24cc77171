import { checkDurationMs, checkSize } from '@ipc/core/internal'

/** Most messages that are asked for, sent or handled at once. */
export const MAX_BATCH = 65_536

/** What happens when a message is sent to a full queue. */
export type WhenFull = 'wait' | 'reject' | 'drop-oldest'

/** How a queue behaves. Plain JSON, fixed when the queue is made. */
export interface QueueSettings {
  /** Messages that wait or are leased. @default 100_000 */
  readonly maxMessages?: number | undefined
  /** Bytes of their bodies, headers and keys. @default 64 MiB */
  readonly maxBytes?: number | undefined
  /**
   * What a full queue does with another message: make its sender wait, refuse it (`IPC_QUEUE_FULL`), or drop the oldest
   * message of the lowest priority. What is leased, or waits behind it for its ordering key, is never dropped.
   *
   * @default 'wait'
   */
  readonly whenFull?: WhenFull | undefined
  /** How long a delivery belongs to its receiver. @default 30_000 */
  readonly leaseMs?: number | undefined
  /** After so many attempts a message that is not acknowledged is a dead letter. @default 20 */
  readonly maxAttempts?: number | undefined
  /** Pauses before a message whose handler threw is delivered again: the first one, doubled each time up to `maxMs`. */
  readonly backoff?:
    | {
        /** @default 100 */
        readonly firstMs?: number | undefined
        /** @default 60_000 */
        readonly maxMs?: number | undefined
      }
    | undefined
  /** How long a deduplication id is remembered. @default 120_000 */
  readonly deduplicationWindowMs?: number | undefined
  /** What becomes of a message whose `ttlMs` is over. @default 'drop' */
  readonly whenExpired?: 'drop' | 'dead-letter' | undefined
  /** Dead letters that are kept; for more the oldest is dropped. @default 10_000 */
  readonly maxDeadLetters?: number | undefined
}

/** {@link QueueSettings}, complete and checked. */
export interface ResolvedSettings {
  readonly maxMessages: number
  readonly maxBytes: number
  readonly whenFull: WhenFull
  readonly leaseMs: number
  readonly maxAttempts: number
  readonly backoffFirstMs: number
  readonly backoffMaxMs: number
  readonly deduplicationWindowMs: number
  readonly whenExpired: 'drop' | 'dead-letter'
  readonly maxDeadLetters: number
}

/**
 * Settings with the defaults filled in.
 *
 * @throws RangeError | TypeError for one that cannot be right.
 */
export function resolveSettings(settings: QueueSettings = {}): ResolvedSettings {
  return {
    maxMessages: checkSize('maxMessages', settings.maxMessages ?? 100_000),
    maxBytes: checkSize('maxBytes', settings.maxBytes ?? 64 * 2 ** 20, 1, Number.MAX_SAFE_INTEGER),
    whenFull: oneOf('whenFull', settings.whenFull ?? 'wait', ['wait', 'reject', 'drop-oldest']),
    leaseMs: finite('leaseMs', checkLeaseMs(settings.leaseMs ?? 30_000)),
    maxAttempts: checkSize('maxAttempts', settings.maxAttempts ?? 20),
    backoffFirstMs: finite('backoff.firstMs', settings.backoff?.firstMs ?? 100),
    backoffMaxMs: finite('backoff.maxMs', settings.backoff?.maxMs ?? 60_000),
    deduplicationWindowMs: finite('deduplicationWindowMs', settings.deduplicationWindowMs ?? 120_000),
    whenExpired: oneOf('whenExpired', settings.whenExpired ?? 'drop', ['drop', 'dead-letter']),
    maxDeadLetters: checkSize('maxDeadLetters', settings.maxDeadLetters ?? 10_000, 0),
  }
}

/** Settings travel as JSON, which has no infinity. */
function finite(name: string, ms: number): number {
  if (checkDurationMs(name, ms) === Number.POSITIVE_INFINITY) throw new RangeError(`${name} must be finite`)
  return ms
}

/** @throws RangeError unless it is a number of milliseconds above 0. */
export function checkLeaseMs(leaseMs: number): number {
  if (checkDurationMs('leaseMs', leaseMs) === 0) throw new RangeError('leaseMs must be above 0, got 0')
  return leaseMs
}

function oneOf<T extends string>(name: string, value: T, values: readonly T[]): T {
  if (!values.includes(value)) {
    throw new TypeError(`${name} must be one of ${values.join(', ')}, got ${String(value)}`)
  }
  return value
}
