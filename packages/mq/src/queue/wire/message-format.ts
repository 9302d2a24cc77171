import type { Durability } from '@ipc/core'
import { copyBody } from '../body-memory.js'
import type { SentOut } from '../commands.js'
import { LEVELS } from '../durability.js'
import { checkPriority } from '../outgoing.js'
import type { NewMessage } from '../state-machine.js'
import type { ByteReader } from './byte-reader.js'
import type { ByteWriter } from './byte-writer.js'

/**
 * A message on its way into a queue, and out of one. `flags` say which of the parts in brackets are there; a time is a float
 * of milliseconds, a text has its length in bytes in front.
 *
 * ```
 *   in:   flags (the highest two bits: durability, 0 or 1 + its place in the list)  [priority]  [delay]  [ttl]  [deduplication id]  [ordering key]  [headers]  body
 *   out:  flags  seq  epoch  id  attempts  sent at  [priority]  [ordering key]  [headers]  [reason, dead at]  body
 *   headers:  count, then name and value of each
 * ```
 */
const PRIORITY = 1
const KEY = 2
const HEADERS = 4
const DELAY = 8
const TTL = 16
const DEDUPLICATION = 32
const DURABILITY_SHIFT = 6
const SUSPECT = 8
const DEAD = 16

type Headers = Readonly<Record<string, string>>

export function writeIncoming(writer: ByteWriter, message: NewMessage): void {
  const { priority, delayMs, ttlMs, deduplicationId, orderingKey, headers, body, durability } = message
  const isTimed = ttlMs !== Number.POSITIVE_INFINITY
  writer.byte(
    (priority === 0 ? 0 : PRIORITY) |
      (orderingKey === undefined ? 0 : KEY) |
      (headers === undefined ? 0 : HEADERS) |
      (delayMs === 0 ? 0 : DELAY) |
      (isTimed ? TTL : 0) |
      (deduplicationId === undefined ? 0 : DEDUPLICATION) |
      (durabilityCode(durability) << DURABILITY_SHIFT),
  )
  if (priority !== 0) writer.signed(priority)
  if (delayMs !== 0) writer.float(delayMs)
  if (isTimed) writer.float(ttlMs)
  if (deduplicationId !== undefined) writer.text(deduplicationId)
  if (orderingKey !== undefined) writer.text(orderingKey)
  if (headers !== undefined) writeHeaders(writer, headers)
  writer.bytes(body)
}

export function readIncoming(reader: ByteReader): NewMessage {
  const flags = reader.byte()
  const priority = flags & PRIORITY ? checkPriority(reader.signed()) : 0
  const delayMs = flags & DELAY ? duration(reader) : 0
  const ttlMs = flags & TTL ? duration(reader) : Number.POSITIVE_INFINITY
  const deduplicationId = flags & DEDUPLICATION ? reader.text() : undefined
  const orderingKey = flags & KEY ? reader.text() : undefined
  const headers = flags & HEADERS ? readHeaders(reader) : undefined
  // It may stay for long, unlike the batch.
  const body = copyBody(reader.bytes())
  // What it costs is not for the peer to say.
  let bytes = body.length + (deduplicationId?.length ?? 0) + (orderingKey?.length ?? 0)
  for (const name in headers) bytes += name.length + headers[name]!.length
  const durability = durabilityOf(flags >> DURABILITY_SHIFT)
  return { priority, delayMs, ttlMs, deduplicationId, orderingKey, headers, body, bytes, durability }
}

export function writeOutgoing(writer: ByteWriter, message: SentOut): void {
  const { seq, epoch, id, attempts, suspect, priority, sentAt, orderingKey, headers, body, reason } = message
  writer.byte(
    (priority === 0 ? 0 : PRIORITY) |
      (orderingKey === undefined ? 0 : KEY) |
      (headers === undefined ? 0 : HEADERS) |
      (suspect ? SUSPECT : 0) |
      (reason === undefined ? 0 : DEAD),
  )
  writer.count(seq)
  writer.count(epoch)
  writer.count(id)
  writer.count(attempts)
  writer.float(sentAt)
  if (priority !== 0) writer.signed(priority)
  if (orderingKey !== undefined) writer.text(orderingKey)
  if (headers !== undefined) writeHeaders(writer, headers)
  if (reason !== undefined) {
    writer.text(reason)
    writer.float(message.deadAt)
  }
  writer.bytes(body)
}

export function readOutgoing(reader: ByteReader): SentOut {
  const flags = reader.byte()
  return {
    seq: reader.count(),
    epoch: reader.count(),
    id: reader.count(),
    attempts: reader.count(),
    suspect: (flags & SUSPECT) !== 0,
    sentAt: reader.float(),
    priority: flags & PRIORITY ? reader.signed() : 0,
    orderingKey: flags & KEY ? reader.text() : undefined,
    headers: flags & HEADERS ? readHeaders(reader) : undefined,
    reason: flags & DEAD ? reader.text() : undefined,
    deadAt: flags & DEAD ? reader.float() : 0,
    body: reader.bytes(),
  }
}

/** A durability as a number below 4. */
export function durabilityCode(durability: Durability | undefined): number {
  return durability === undefined ? 0 : 1 + LEVELS.indexOf(durability)
}

/** @throws RangeError when there is no such durability. */
export function durabilityOf(code: number): Durability | undefined {
  if (code > LEVELS.length) throw new RangeError(`durability ${code} where ${LEVELS.length} are known`)
  return code === 0 ? undefined : LEVELS[code - 1]
}

/** @throws RangeError unless it is a number of milliseconds. */
export function duration(reader: ByteReader): number {
  const ms = reader.float()
  if (!(ms >= 0) || ms === Number.POSITIVE_INFINITY) throw new RangeError(`a duration of ${ms}`)
  return ms
}

function writeHeaders(writer: ByteWriter, headers: Headers): void {
  const entries = Object.entries(headers)
  writer.count(entries.length)
  for (const [name, value] of entries) {
    writer.text(name)
    writer.text(value)
  }
}

function readHeaders(reader: ByteReader): Headers {
  // An entry has two bytes at least: a count that cannot be is found out soon.
  const entries: [string, string][] = []
  for (let left = reader.count(); left > 0; left--) entries.push([reader.text(), reader.text()])
  return Object.fromEntries(entries)
}
