import type { ConnectionOptions } from '../connection.js'

/** Default of `highWaterMarkBytes`. */
export const DEFAULT_HIGH_WATER_MARK_BYTES: number = 2 ** 20
/** Default of `maxBufferedBytes`. */
export const DEFAULT_MAX_BUFFERED_BYTES: number = 16 * 2 ** 20
/** Default of `maxMessageBytes`. */
export const DEFAULT_MAX_MESSAGE_BYTES: number = 16 * 2 ** 20
/** What a message costs beside its bytes, so that empty messages are bounded too. */
export const MESSAGE_OVERHEAD_BYTES = 64

/** The options that are limits. */
export type LimitOptions = Pick<
  ConnectionOptions,
  'highWaterMarkBytes' | 'maxBufferedBytes' | 'maxMessageBytes'
>

/** The limits of one connection, checked. */
export interface Limits {
  readonly highWaterMarkBytes: number
  readonly maxBufferedBytes: number
  readonly maxMessageBytes: number
}

/**
 * Check a size given by the caller.
 *
 * @throws RangeError unless it is an integer in [`least`, `most`].
 */
export function checkSize(
  name: string,
  value: number,
  least: number = 1,
  most: number = 2 ** 31 - 1,
): number {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`${name} must be an integer from ${least} to ${most}, got ${String(value)}`)
  }
  return value
}

/**
 * The limits that `options` ask for, defaults filled in.
 *
 * @throws RangeError when one makes no sense.
 */
export function resolveLimits(options: LimitOptions): Limits {
  const highWaterMarkBytes = checkSize(
    'highWaterMarkBytes',
    options.highWaterMarkBytes ?? DEFAULT_HIGH_WATER_MARK_BYTES,
  )
  const maxBufferedBytes = checkSize(
    'maxBufferedBytes',
    options.maxBufferedBytes ?? Math.max(DEFAULT_MAX_BUFFERED_BYTES, 2 * highWaterMarkBytes),
    highWaterMarkBytes,
  )
  const maxMessageBytes = checkSize('maxMessageBytes', options.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES)
  return { highWaterMarkBytes, maxBufferedBytes, maxMessageBytes }
}
