import type { Command, Inquiry, PlainAction, Settle, SettleAction } from '../commands.js'
import type { QueueSettings } from '../queue-settings.js'
import type { ByteReader } from './byte-reader.js'
import type { ByteWriter } from './byte-writer.js'
import { durabilityCode, durabilityOf, duration, readIncoming, writeIncoming } from './message-format.js'

/**
 * Commands on the wire, one after the other in a batch. Each begins with its kind (one byte, the place in this list) and the
 * request; a settings object is JSON in a text, empty for none; a list has its length in front.
 *
 * ```
 *   open      handle  what (0 queue, 1 topic)  name  settings  durability (0, or 1 + its place in the list)
 *   close     handle
 *   send      handle  messages
 *   receive   handle  max  lease (float, 0: the queue's; may be infinite)  wait (0 or 1)
 *   consume   handle  prefetch  lease
 *   credit    count
 *   cancel
 *   settle    step
 *   inquire   handle  what (place in the list)  count
 *   transact  steps  then a list of: handle, message
 *   publish   handle  subject  message
 *   bind      handle  queue  pattern  settings
 *   unbind    handle  queue
 *   settle-each  handle  action  list of numbers: seq and epoch of each
 *
 *   step:  handle  action (place in the list)  seq  epoch  [ms of nack, extend and run]  [reason of dead-letter]
 * ```
 */
const KINDS: readonly Command['kind'][] = [
  'open',
  'close',
  'send',
  'receive',
  'consume',
  'credit',
  'cancel',
  'settle',
  'inquire',
  'transact',
  'publish',
  'bind',
  'unbind',
  'settle-each',
]
const ACTIONS: readonly SettleAction[] = [
  'start',
  'ack',
  'release',
  'nack',
  'retry',
  'extend',
  'dead-letter',
  'run',
]
const PLAIN_ACTIONS: readonly PlainAction[] = ['start', 'ack', 'release', 'retry']
const INQUIRIES: readonly Inquiry[] = ['stats', 'peek', 'dead-letters', 'purge', 'purge-dead', 'redrive']

export function writeCommand(writer: ByteWriter, command: Command): void {
  writer.byte(KINDS.indexOf(command.kind))
  writer.count(command.request)
  switch (command.kind) {
    case 'credit':
      writer.count(command.count)
      return
    case 'cancel':
      return
    case 'settle':
      writeStep(writer, command)
      return
    case 'transact':
      writer.count(command.settles.length)
      for (const step of command.settles) writeStep(writer, step)
      writer.count(command.sends.length)
      for (const { handle, message } of command.sends) {
        writer.count(handle)
        writeIncoming(writer, message)
      }
      return
    default:
      writer.count(command.handle)
      writeForHandle(writer, command)
  }
}

type ForHandle = Exclude<Command, { readonly kind: 'credit' | 'cancel' | 'settle' | 'transact' }>

function writeForHandle(writer: ByteWriter, command: ForHandle): void {
  switch (command.kind) {
    case 'open':
      writer.byte(command.what === 'queue' ? 0 : 1)
      writer.text(command.name)
      writer.text(settingsText(command.create))
      writer.byte(durabilityCode(command.durability))
      return
    case 'send':
      writer.count(command.messages.length)
      for (const message of command.messages) writeIncoming(writer, message)
      return
    case 'receive':
      writer.count(command.max)
      writer.float(command.leaseMs)
      writer.byte(command.wait ? 1 : 0)
      return
    case 'consume':
      writer.count(command.prefetch)
      writer.float(command.leaseMs)
      return
    case 'inquire':
      writer.byte(INQUIRIES.indexOf(command.what))
      writer.count(command.count)
      return
    case 'publish':
      writer.text(command.subject)
      writeIncoming(writer, command.message)
      return
    case 'bind':
      writer.text(command.queue)
      writer.text(command.pattern)
      writer.text(settingsText(command.create))
      return
    case 'unbind':
      writer.text(command.queue)
      return
    case 'settle-each':
      writer.byte(PLAIN_ACTIONS.indexOf(command.action))
      writer.count(command.leases.length)
      for (const number of command.leases) writer.count(number)
      return
    case 'close':
  }
}

/** @throws RangeError | TypeError | SyntaxError when the bytes make no sense. */
export function readCommand(reader: ByteReader): Command {
  const kind = oneOf(KINDS, reader.byte())
  const request = reader.count()
  switch (kind) {
    case 'credit':
      return { kind, request, count: reader.count() }
    case 'cancel':
      return { kind, request }
    case 'settle':
      return { kind, request, ...readStep(reader) }
    case 'transact': {
      const settles = readList(reader, readStep)
      const sends = readList(reader, () => ({ handle: reader.count(), message: readIncoming(reader) }))
      return { kind, request, settles, sends }
    }
    default:
      return readForHandle(reader, kind, request, reader.count())
  }
}

function readForHandle(
  reader: ByteReader,
  kind: ForHandle['kind'],
  request: number,
  handle: number,
): ForHandle {
  switch (kind) {
    case 'open': {
      const what = oneOf(['queue', 'topic'] as const, reader.byte())
      const name = reader.text()
      const create = readSettings(reader)
      return { kind, request, handle, what, name, create, durability: durabilityOf(reader.byte()) }
    }
    case 'send':
      return { kind, request, handle, messages: readList(reader, readIncoming) }
    case 'receive':
      return {
        kind,
        request,
        handle,
        max: reader.count(),
        leaseMs: lease(reader),
        wait: reader.byte() === 1,
      }
    case 'consume':
      return { kind, request, handle, prefetch: reader.count(), leaseMs: lease(reader) }
    case 'inquire':
      return { kind, request, handle, what: oneOf(INQUIRIES, reader.byte()), count: reader.count() }
    case 'publish':
      return { kind, request, handle, subject: reader.text(), message: readIncoming(reader) }
    case 'bind': {
      const queue = reader.text()
      return { kind, request, handle, queue, pattern: reader.text(), create: readSettings(reader) }
    }
    case 'unbind':
      return { kind, request, handle, queue: reader.text() }
    case 'settle-each': {
      const action = oneOf(PLAIN_ACTIONS, reader.byte())
      return { kind, request, handle, action, leases: readList(reader, readCount) }
    }
    case 'close':
      return { kind, request, handle }
  }
}

function writeStep(writer: ByteWriter, { handle, action, seq, epoch, ms, reason }: Settle): void {
  writer.count(handle)
  writer.byte(ACTIONS.indexOf(action))
  writer.count(seq)
  writer.count(epoch)
  if (isTimed(action)) writer.float(ms)
  if (action === 'dead-letter') writer.text(reason)
}

function readStep(reader: ByteReader): Settle {
  const handle = reader.count()
  const action = oneOf(ACTIONS, reader.byte())
  const seq = reader.count()
  const epoch = reader.count()
  const ms = isTimed(action) ? duration(reader) : 0
  return { handle, action, seq, epoch, ms, reason: action === 'dead-letter' ? reader.text() : '' }
}

function isTimed(action: SettleAction): boolean {
  return action === 'nack' || action === 'extend' || action === 'run'
}

function lease(reader: ByteReader): number {
  const ms = reader.float()
  if (!(ms >= 0)) throw new RangeError(`a lease of ${ms} ms`)
  return ms
}

function settingsText(settings: QueueSettings | undefined): string {
  return settings === undefined ? '' : JSON.stringify(settings)
}

function readSettings(reader: ByteReader): QueueSettings | undefined {
  const text = reader.text()
  return text === '' ? undefined : (JSON.parse(text) as QueueSettings)
}

export function readCount(reader: ByteReader): number {
  return reader.count()
}

export function readList<T>(reader: ByteReader, read: (reader: ByteReader) => T): T[] {
  const list: T[] = []
  for (let left = reader.count(); left > 0; left--) list.push(read(reader))
  return list
}

/** @throws RangeError when there is no such place. */
export function oneOf<T>(values: readonly T[], place: number): T {
  const value = values[place]
  if (value === undefined) throw new RangeError(`${place} where 0 to ${values.length - 1} are known`)
  return value
}
