import { type Codec, type Durability, IpcError, type QueueSendOptions } from '@ipc/core'
import { checkDurationMs } from '@ipc/core/internal'
import { encodeBody } from './body-memory.js'
import { LEVELS } from './durability.js'
import type { NewMessage } from './state-machine.js'

const LOWEST_PRIORITY = -32_768
const HIGHEST_PRIORITY = 32_767
/** Longest deduplication id, ordering key, name or value of a header, in UTF-16 code units. */
const MAX_TEXT_LENGTH = 4096

/**
 * The message that a body and its options make. The body is encoded, and so copied.
 *
 * @param offered - How safely the queue keeps messages.
 * @throws TypeError | RangeError for what cannot be right; IpcError `IPC_NOT_SUPPORTED` for more safety than is offered.
 */
export function outgoing<T>(
  codec: Codec<unknown, T>,
  body: T,
  options: Omit<QueueSendOptions, 'signal' | 'timeoutMs'>,
  offered: Durability,
): NewMessage {
  const { priority = 0, delayMs = 0, ttlMs = Number.POSITIVE_INFINITY, headers, durability } = options
  const { deduplicationId, orderingKey } = options
  checkPriority(priority)
  checkDurationMs('delayMs', delayMs)
  if (delayMs === Number.POSITIVE_INFINITY) throw new RangeError('delayMs must be finite')
  checkDurationMs('ttlMs', ttlMs)
  let bytes = checkText('deduplicationId', deduplicationId) + checkText('orderingKey', orderingKey)
  if (headers !== undefined) bytes += checkHeaders(headers)
  if (durability !== undefined) checkDurability(durability, offered)
  const encoded = encodeBody(codec, body)
  bytes += encoded.length
  return { priority, delayMs, ttlMs, deduplicationId, orderingKey, headers, body: encoded, bytes, durability }
}

/** @throws RangeError unless it is an integer in the range of priorities. */
export function checkPriority(priority: number): number {
  if (Number.isInteger(priority) && priority >= LOWEST_PRIORITY && priority <= HIGHEST_PRIORITY) {
    return priority
  }
  throw new RangeError(
    `priority must be an integer from ${LOWEST_PRIORITY} to ${HIGHEST_PRIORITY}, got ${String(priority)}`,
  )
}

function checkText(what: string, text: unknown): number {
  if (text === undefined) return 0
  if (typeof text === 'string' && text.length <= MAX_TEXT_LENGTH && text.length > 0) return text.length
  throw new TypeError(`${what} must be a string of 1 to ${MAX_TEXT_LENGTH} characters`)
}

function checkHeaders(headers: Readonly<Record<string, string>>): number {
  if (typeof headers !== 'object' || headers === null) throw new TypeError('headers must be an object')
  let length = 0
  for (const [name, value] of Object.entries(headers)) {
    length += checkText('the name of a header', name)
    if (value !== '') length += checkText(`header ${name}`, value)
  }
  return length
}

/** @throws TypeError for what is no durability; IpcError `IPC_NOT_SUPPORTED` for more than is offered. */
export function checkDurability(durability: Durability, offered: Durability): void {
  if (!LEVELS.includes(durability)) {
    throw new TypeError(`durability must be one of ${LEVELS.join(', ')}, got ${String(durability)}`)
  }
  if (LEVELS.indexOf(durability) <= LEVELS.indexOf(offered)) return
  throw new IpcError(
    'IPC_NOT_SUPPORTED',
    `this queue keeps messages as safely as ${JSON.stringify(offered)}, not ${JSON.stringify(durability)}`,
  )
}
