import * as layout from '../../src/layout.js'
import {
  QUEUE_ABANDONED,
  QUEUE_GRANTED,
  QUEUE_NEXT,
  QUEUE_PERMITS,
  QUEUE_SLOTS,
} from '../../src/lock/lock-layout.js'
import {
  BROADCAST_CONTROL_BYTES,
  BROADCAST_INTENT,
  BROADCAST_MARKS,
  BROADCAST_READERS,
  BROADCAST_RECORDS_EVENT,
  BROADCAST_ROOM_EVENT,
  BROADCAST_TAIL,
  READER_BYTES,
  READER_POSITION,
  READER_WHO,
} from '../../src/ring/broadcast-layout.js'
import {
  ENTRY_KIND,
  ENTRY_LENGTH,
  ENTRY_STAMP,
  ENTRY_WORDS,
  MPSC_CONTROL_BYTES,
  MPSC_PRODUCER_BYTES,
  MPSC_PRODUCER_INTENT,
  MPSC_PRODUCER_WHO,
  MPSC_PRODUCER_WRAPPED,
  MPSC_PRODUCERS,
} from '../../src/ring/mpsc-layout.js'
import {
  RING_CONTROL_BYTES,
  RING_HEAD,
  RING_RECORDS_EVENT,
  RING_ROOM_EVENT,
  RING_TAIL,
} from '../../src/ring/ring-layout.js'
import * as pair from '../../src/transport/pair-layout.js'
import { cellBytes, VALUE_CELLS, VALUE_CHANGED_EVENT, VALUE_VERSION } from '../../src/value/value-layout.js'

/** Where a field begins, and its name. A field ends where the next one begins. */
type Field = readonly [number, string]

const ANY_AND_BITS = (at: number, name: string): Field[] => [
  [at + layout.EVENT_ANY, `${name}.any`],
  [at + layout.EVENT_BITS, `${name}.bits`],
]

const REGION: Field[] = [
  [layout.REGION_READY, 'ready'],
  [layout.REGION_MAGIC, 'header'],
  [layout.REGION_SCHEMA, 'schema'],
]
const OBJECTS: Field[] = [
  [layout.OBJECTS_STATE, 'state'],
  [layout.OBJECTS_CREATING, 'creating'],
  [layout.OBJECTS_END, 'end'],
  [layout.OBJECTS_END + 4, 'reserved'],
]
const PARTICIPANT: Field[] = [
  [layout.PARTICIPANT_STATE, 'participant.state'],
  [layout.PARTICIPANT_EPOCH, 'participant.epoch'],
  [layout.PARTICIPANT_WAKE, 'participant.wake'],
  [layout.PARTICIPANT_MODE, 'participant.mode'],
  [layout.PARTICIPANT_PID, 'participant.pid'],
  [layout.PARTICIPANT_LOSSES, 'participant.losses'],
  [layout.PARTICIPANT_BELL, 'participant.bell'],
]
const OBJECT: Field[] = [
  [layout.OBJECT_KIND, 'object'],
  [layout.OBJECT_NAME, 'name'],
  [layout.OBJECT_PARAMETERS, 'parameters'],
  [layout.OBJECT_SCHEMA_BYTES, 'schema'],
]
const RING: Field[] = [
  [RING_TAIL, 'tail'],
  [RING_TAIL + 4, 'ring'],
  [RING_HEAD, 'head'],
  [RING_HEAD + 4, 'ring'],
  ...ANY_AND_BITS(RING_RECORDS_EVENT, 'records'),
  ...ANY_AND_BITS(RING_ROOM_EVENT, 'room'),
  [RING_CONTROL_BYTES, 'record'],
]
const ENTRY: Field[] = [
  [4 * ENTRY_STAMP, 'stamp'],
  [4 * ENTRY_LENGTH, 'length'],
  [4 * ENTRY_KIND, 'kind'],
  [4 * ENTRY_KIND + 4, 'reserved'],
]
const PRODUCER: Field[] = [
  [MPSC_PRODUCER_WHO, 'producer.who'],
  [MPSC_PRODUCER_INTENT, 'producer.intent'],
  [MPSC_PRODUCER_WRAPPED, 'producer.wrapped'],
]
const BROADCAST: Field[] = [
  [BROADCAST_INTENT, 'intent'],
  [BROADCAST_TAIL, 'tail'],
  [BROADCAST_MARKS, 'mark'],
  ...ANY_AND_BITS(BROADCAST_RECORDS_EVENT, 'records'),
  ...ANY_AND_BITS(BROADCAST_ROOM_EVENT, 'room'),
]
const READER: Field[] = [
  [READER_WHO, 'reader.who'],
  [READER_POSITION, 'reader.position'],
]
const VALUE: Field[] = [[VALUE_VERSION, 'version'], ...ANY_AND_BITS(VALUE_CHANGED_EVENT, 'changed')]
const QUEUE: Field[] = [
  [QUEUE_NEXT, 'next'],
  [QUEUE_NEXT + 4, 'queue'],
  [QUEUE_GRANTED, 'granted'],
  [QUEUE_ABANDONED, 'abandoned'],
  [QUEUE_PERMITS, 'permits'],
  [QUEUE_PERMITS + 4, 'queue'],
  [QUEUE_SLOTS, 'slot'],
]
const SIDE: Field[] = [
  [pair.SIDE_STATE, 'side.state'],
  [pair.SIDE_BELL, 'side.bell'],
  [pair.SIDE_MAX_MESSAGE_BYTES, 'side.facts'],
  [pair.SIDE_CODEC, 'side.codec'],
]

/** Name of the field at an offset of a region, without the numbers of participants, slots and cells. */
export function fieldAt(memory: ArrayBufferLike, byteOffset: number): string {
  const payload = byteOffset - layout.REGION_HEADER_BYTES
  if (payload < 0) return named(REGION, byteOffset)
  const words = new Int32Array(memory, layout.REGION_HEADER_BYTES, 2)
  if (payload < 8 || words[0] === pair.PAIR) return pairField(words[1] as number, payload)
  if (payload < layout.OBJECTS_PARTICIPANTS) return named(OBJECTS, payload)
  if (payload < layout.OBJECTS_FIRST) {
    return named(PARTICIPANT, (payload - layout.OBJECTS_PARTICIPANTS) % layout.PARTICIPANT_BYTES)
  }
  return objectField(memory, payload)
}

function pairField(capacity: number, offset: number): string {
  const rings = pair.ringOffset(capacity, 0)
  if (offset < 8) return named(OBJECTS, offset)
  if (offset < rings) return named(SIDE, (offset - pair.SIDE_A) % (pair.SIDE_B - pair.SIDE_A))
  return named(RING, (offset - rings) % (RING_CONTROL_BYTES + capacity))
}

function objectField(memory: ArrayBufferLike, payload: number): string {
  const words = new Int32Array(memory, layout.REGION_HEADER_BYTES, (memory.byteLength - 128) >> 2)
  const end = words[layout.OBJECTS_END >> 2] || layout.OBJECTS_FIRST
  for (let at = layout.OBJECTS_FIRST; at < end; ) {
    const bytes = words[(at + layout.OBJECT_BYTES) >> 2] as number
    if (payload < at + bytes) {
      const body = payload - at - layout.OBJECT_HEADER_BYTES
      return body < 0 ? named(OBJECT, payload - at) : bodyField(words, at, body)
    }
    at += bytes
  }
  // An object that is being created.
  return payload - end < layout.OBJECT_HEADER_BYTES ? named(OBJECT, payload - end) : 'body'
}

function bodyField(words: Int32Array, object: number, offset: number): string {
  const parameter = words[(object + layout.OBJECT_PARAMETERS) >> 2] as number
  switch (words[(object + layout.OBJECT_KIND) >> 2]) {
    case layout.KIND_SPSC_RING:
      return named(RING, offset)
    case layout.KIND_MPSC_RING: {
      if (offset < MPSC_PRODUCERS) return named(RING, offset)
      if (offset < MPSC_CONTROL_BYTES) return named(PRODUCER, (offset - MPSC_PRODUCERS) % MPSC_PRODUCER_BYTES)
      const entries = MPSC_CONTROL_BYTES + parameter
      return offset < entries ? 'record' : named(ENTRY, (offset - entries) % (4 * ENTRY_WORDS))
    }
    case layout.KIND_BROADCAST_RING:
      if (offset < BROADCAST_READERS) return named(BROADCAST, offset)
      if (offset >= BROADCAST_CONTROL_BYTES) return 'record'
      return named(READER, (offset - BROADCAST_READERS) % READER_BYTES)
    case layout.KIND_SHARED_VALUE:
      if (offset < VALUE_CELLS) return named(VALUE, offset)
      return (offset - VALUE_CELLS) % cellBytes(parameter) < 8 ? 'cell.length' : 'cell'
    case layout.KIND_SHARED_BYTES:
      return 'bytes'
    default:
      return named(QUEUE, offset)
  }
}

function named(fields: readonly Field[], offset: number): string {
  let found = 'memory'
  for (const [at, name] of fields) if (at <= offset) found = name
  return found
}
