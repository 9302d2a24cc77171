import type { IpcErrorJson } from '@ipc/core'
import type { QueueEvent } from '../commands.js'
import { LEVELS } from '../durability.js'
import type { TableCounts } from '../queue-store.js'
import type { ByteReader } from './byte-reader.js'
import type { ByteWriter } from './byte-writer.js'
import { oneOf, readCount, readList } from './command-format.js'
import { readOutgoing, writeOutgoing } from './message-format.js'

/**
 * Events on the wire, one after the other in a batch. Each begins with its kind (one byte, the place in this list) and the
 * request, or the handle where there is no request.
 *
 * ```
 *   done       value
 *   opened     durability (place in the list)
 *   sent       list of: 2 * id, plus 1 for a duplicate
 *   failed     the error's JSON in a text; with request 0 everything has ended
 *   delivered  handle  messages
 *   cancelled  queued
 *   listed     messages
 *   stats      the counters' JSON in a text
 *   lost       seq  epoch
 *   settled    list of places
 * ```
 */
const KINDS: readonly QueueEvent['kind'][] = [
  'done',
  'opened',
  'sent',
  'failed',
  'delivered',
  'cancelled',
  'listed',
  'stats',
  'lost',
  'settled',
]

export function writeEvent(writer: ByteWriter, event: QueueEvent): void {
  writer.byte(KINDS.indexOf(event.kind))
  writer.count(event.kind === 'lost' ? event.handle : event.request)
  switch (event.kind) {
    case 'done':
      writer.count(event.value)
      return
    case 'opened':
      writer.byte(LEVELS.indexOf(event.durability))
      return
    case 'sent':
      writer.count(event.receipts.length)
      for (const { id, duplicate } of event.receipts) writer.count(2 * id + (duplicate ? 1 : 0))
      return
    case 'failed':
      writer.text(JSON.stringify(event.error))
      return
    case 'delivered':
      writer.count(event.handle)
      writer.count(event.messages.length)
      for (const message of event.messages) writeOutgoing(writer, message)
      return
    case 'cancelled':
      writer.count(event.queued)
      return
    case 'listed':
      writer.count(event.messages.length)
      for (const message of event.messages) writeOutgoing(writer, message)
      return
    case 'stats':
      writer.text(JSON.stringify(event.counts))
      return
    case 'lost':
      writer.count(event.seq)
      writer.count(event.epoch)
      return
    case 'settled':
      writer.count(event.late.length)
      for (const place of event.late) writer.count(place)
  }
}

/** @throws RangeError | TypeError | SyntaxError when the bytes make no sense. */
export function readEvent(reader: ByteReader): QueueEvent {
  const kind = oneOf(KINDS, reader.byte())
  const request = reader.count()
  switch (kind) {
    case 'done':
      return { kind, request, value: reader.count() }
    case 'opened':
      return { kind, request, durability: oneOf(LEVELS, reader.byte()) }
    case 'sent':
      return { kind, request, receipts: readList(reader, readReceipt) }
    case 'failed':
      return { kind, request, error: JSON.parse(reader.text()) as IpcErrorJson }
    case 'delivered':
      return { kind, request, handle: reader.count(), messages: readList(reader, readOutgoing) }
    case 'cancelled':
      return { kind, request, queued: reader.count() }
    case 'listed':
      return { kind, request, messages: readList(reader, readOutgoing) }
    case 'stats':
      return { kind, request, counts: JSON.parse(reader.text()) as TableCounts }
    case 'lost':
      return { kind, handle: request, seq: reader.count(), epoch: reader.count() }
    case 'settled':
      return { kind, request, late: readList(reader, readCount) }
  }
}

function readReceipt(reader: ByteReader): { readonly id: number; readonly duplicate: boolean } {
  const value = reader.count()
  return { id: Math.floor(value / 2), duplicate: value % 2 === 1 }
}
