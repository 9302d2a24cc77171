import {
  EVENT_ANY,
  EVENT_BITS,
  KIND_BROADCAST_RING,
  KIND_CONDITION,
  KIND_MPSC_RING,
  KIND_MUTEX,
  KIND_SEMAPHORE,
  KIND_SHARED_BYTES,
  KIND_SHARED_VALUE,
  KIND_SPSC_RING,
  MAX_PARTICIPANTS,
  OBJECT_BYTES,
  OBJECT_PARAMETERS,
  OBJECT_SCHEMA,
  OBJECT_SCHEMA_BYTES,
} from '../layout.js'
import {
  distance,
  GAVE_UP,
  NOBODY,
  QUEUE_ABANDONED,
  QUEUE_GRANTED,
  QUEUE_NEXT,
  QUEUE_PERMITS,
  QUEUE_SLOTS,
  SLOTS,
  ticketOf,
  whoOf,
  wrap,
} from '../lock/lock-layout.js'
import { eachObject, type FoundObject, nameOf, type ObjectMemory, textAt } from '../region/objects.js'
import {
  BROADCAST_CONTROL_BYTES,
  BROADCAST_READERS,
  BROADCAST_RECORDS_EVENT,
  BROADCAST_ROOM_EVENT,
  BROADCAST_TAIL,
  MAX_READERS,
  READER_BYTES,
  READER_POSITION,
  READER_WHO,
  sequenceAt,
} from '../ring/broadcast-layout.js'
import { MPSC_PRODUCER_WHO, producerWord } from '../ring/mpsc-layout.js'
import { RING_HEAD, RING_RECORDS_EVENT, RING_ROOM_EVENT, RING_TAIL } from '../ring/ring-layout.js'
import { ValueCells } from '../value/value-cells.js'
import { CELL_PAYLOAD, VALUE_CHANGED_EVENT, VALUE_VERSION } from '../value/value-layout.js'
import type {
  BroadcastSnapshot,
  MutexSnapshot,
  ObjectSnapshot,
  ReaderSnapshot,
  RingSnapshot,
  ValueSnapshot,
} from './snapshot.js'

/** Positions of a ring that moves are read again so many times, to have them of one moment. */
const TRIES = 100
/** Larger values are not copied. */
const LARGEST_COPY_BYTES = 65_536
/** The part of a participant's name that is its slot, shifted left by one. */
const SLOT_BITS = 0xff

/** Reads the words of a region that it does not change. Positions and tickets are those of one moment where it says so. */
export class ObjectReader {
  readonly #region: ObjectMemory
  readonly #isName: (name: number) => boolean

  /** @param isName - Whether a participant of that name is there, and lives. */
  constructor(region: ObjectMemory, isName: (name: number) => boolean) {
    this.#region = region
    this.#isName = isName
  }

  /** All objects; those of a kind that this version does not know are left out. */
  all(): ObjectSnapshot[] {
    return [...eachObject(this.#region)].flatMap((found) => this.#read(found) ?? [])
  }

  #read({ kind, object, offset }: FoundObject): ObjectSnapshot | undefined {
    const at = (offset: number): number => Atomics.load(this.#region.words, offset >> 2)
    const named = { name: nameOf(this.#region, object), totalBytes: at(object + OBJECT_BYTES) }
    const first = at(object + OBJECT_PARAMETERS)
    const second = at(object + OBJECT_PARAMETERS + 4)
    switch (kind) {
      case KIND_SHARED_BYTES:
        return { kind: 'bytes', ...named, bytes: first }
      case KIND_SPSC_RING:
      case KIND_MPSC_RING:
        return { ...named, capacityBytes: first, recordBytes: second, ...this.#ring(kind, offset) }
      case KIND_BROADCAST_RING:
        return { ...named, capacityBytes: first, recordBytes: second, ...this.#broadcast(offset) }
      case KIND_SHARED_VALUE:
        return { ...named, maxBytes: first, ...this.#value(object, offset, first) }
      case KIND_MUTEX:
        return { ...named, ...this.#mutex(offset) }
      case KIND_SEMAPHORE:
        return {
          kind: 'semaphore',
          ...named,
          available: at(offset + QUEUE_PERMITS),
          permits: first,
          waiting: this.#wanted(offset),
        }
      case KIND_CONDITION:
        return { kind: 'condition', ...named, waiting: this.#waitingIn(offset) }
      default:
        return undefined
    }
  }

  #ring(
    kind: number,
    offset: number,
  ): Omit<RingSnapshot, 'name' | 'totalBytes' | 'capacityBytes' | 'recordBytes'> {
    const { words } = this.#region
    const { head, tail } = positionsAt(words, offset)
    const producers: number[] = []
    for (let slot = 0; kind === KIND_MPSC_RING && slot < MAX_PARTICIPANTS; slot++) {
      const name = Atomics.load(words, (offset >> 2) + producerWord(slot, MPSC_PRODUCER_WHO))
      if (name !== 0 && this.#isName(name)) producers.push(slot)
    }
    return {
      kind: kind === KIND_SPSC_RING ? 'spsc' : 'mpsc',
      head: head >>> 0,
      tail: tail >>> 0,
      lagBytes: (tail - head) >>> 0,
      producers,
      waitingForRecords: waitingAt(words, offset + RING_RECORDS_EVENT),
      waitingForRoom: waitingAt(words, offset + RING_ROOM_EVENT),
    }
  }

  #broadcast(
    offset: number,
  ): Omit<BroadcastSnapshot, 'name' | 'totalBytes' | 'capacityBytes' | 'recordBytes'> {
    const { words } = this.#region
    const control = words.subarray(offset >> 2, (offset + BROADCAST_CONTROL_BYTES) >> 2)
    const tail = Atomics.load(control, BROADCAST_TAIL >> 2)
    const readers: ReaderSnapshot[] = []
    for (let reader = 0; reader < MAX_READERS; reader++) {
      const place = BROADCAST_READERS + reader * READER_BYTES
      const who = Atomics.load(control, (place + READER_WHO) >> 2)
      if (who === 0 || !this.#isName(who)) continue
      const position = Atomics.load(control, (place + READER_POSITION) >> 2)
      // It may have gone on since the tail was loaded.
      const lagBytes = Math.max(0, (tail - position) | 0)
      readers.push({ slot: (who & SLOT_BITS) >> 1, position: position >>> 0, lagBytes })
    }
    return {
      kind: 'broadcast',
      tail: tail >>> 0,
      records: sequenceAt(control, tail) >>> 0,
      readers,
      waitingForRecords: waitingAt(words, offset + BROADCAST_RECORDS_EVENT),
      waitingForRoom: waitingAt(words, offset + BROADCAST_ROOM_EVENT),
    }
  }

  #value(
    object: number,
    offset: number,
    maxBytes: number,
  ): Omit<ValueSnapshot, 'name' | 'totalBytes' | 'maxBytes'> {
    const { words } = this.#region
    const schemaBytes = words[(object + OBJECT_SCHEMA_BYTES) >> 2] as number
    return {
      kind: 'value',
      codec: textAt(this.#region, object + OBJECT_SCHEMA, schemaBytes),
      waiting: waitingAt(words, offset + VALUE_CHANGED_EVENT),
      ...(maxBytes > LARGEST_COPY_BYTES
        ? { version: Atomics.load(words, (offset + VALUE_VERSION) >> 2) >>> 0, payload: undefined }
        : latestAt(words, offset, maxBytes)),
    }
  }

  #mutex(offset: number): Omit<MutexSnapshot, 'name' | 'totalBytes'> {
    const { holder, waiting } = this.#turn(offset)
    const abandoned = Atomics.load(this.#region.words, (offset + QUEUE_ABANDONED) >> 2) !== 0
    return { kind: 'mutex', holder, waiting, abandoned }
  }

  /** Who has the turn in a queue of tickets, and how many wait for theirs, those that gave up among them. */
  #turn(offset: number): { readonly holder: number | undefined; readonly waiting: number } {
    const { words } = this.#region
    const turn = wrap(Atomics.load(words, (offset + QUEUE_GRANTED) >> 2) - 1)
    const slot = Atomics.load(words, ((offset + QUEUE_SLOTS) >> 2) + (turn % SLOTS))
    const who = whoOf(slot)
    const isHeld = ticketOf(slot) === turn && who !== NOBODY && who !== GAVE_UP
    return { holder: isHeld ? who - 1 : undefined, waiting: this.#waitingIn(offset) }
  }

  /** How many wait for permits: whoever has the turn does too. */
  #wanted(offset: number): number {
    const { holder, waiting } = this.#turn(offset)
    return waiting + (holder === undefined ? 0 : 1)
  }

  #waitingIn(offset: number): number {
    const { words } = this.#region
    const next = Atomics.load(words, (offset + QUEUE_NEXT) >> 2)
    return Math.max(0, distance(Atomics.load(words, (offset + QUEUE_GRANTED) >> 2), next))
  }
}

/** The positions of a ring at `offset`, of one moment, unless its consumer is never still: then the lag may be too large. */
function positionsAt(words: Int32Array, offset: number): { readonly head: number; readonly tail: number } {
  const headWord = (offset + RING_HEAD) >> 2
  let head = Atomics.load(words, headWord)
  for (let tries = 0; ; tries++) {
    const tail = Atomics.load(words, (offset + RING_TAIL) >> 2)
    const now = Atomics.load(words, headWord)
    // The head was this one before and after the tail was loaded, and so when it was.
    if (now === head || tries === TRIES) return { head: now, tail }
    head = now
  }
}

function latestAt(
  words: Int32Array,
  offset: number,
  maxBytes: number,
): Pick<ValueSnapshot, 'version' | 'payload'> {
  // Word by word, which needs no right to write.
  const cells = new ValueCells(words, offset, maxBytes, 'atomic', false)
  const end = cells.read()
  if (end < 0) return { version: 0, payload: undefined }
  return { version: cells.seen >>> 0, payload: cells.copy.slice(CELL_PAYLOAD, end) }
}

function waitingAt(words: Int32Array, offset: number): number[] {
  if (Atomics.load(words, (offset + EVENT_ANY) >> 2) === 0) return []
  const waiting: number[] = []
  for (let slot = 0; slot < MAX_PARTICIPANTS; slot++) {
    const mask = Atomics.load(words, ((offset + EVENT_BITS) >> 2) + (slot >> 5))
    if ((mask & (1 << (slot & 31))) !== 0) waiting.push(slot)
  }
  return waiting
}
