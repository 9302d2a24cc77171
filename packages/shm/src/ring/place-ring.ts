import { checkSize } from '@ipc/core/internal'
import { KIND_BROADCAST_RING, KIND_MPSC_RING, KIND_SPSC_RING } from '../layout.js'
import { placeObject } from '../region/objects.js'
import { insideOf, type Region, type SharedRegion } from '../region/region.js'
import { WaitEvent } from '../wait/wait-event.js'
import {
  BROADCAST_CONTROL_BYTES,
  BROADCAST_RECORDS_EVENT,
  BROADCAST_ROOM_EVENT,
  maxBroadcastRecordBytes,
} from './broadcast-layout.js'
import { maxMpscRecordBytes, mpscRingBytes } from './mpsc-layout.js'
import type { RingOptions } from './ring.js'
import {
  MAX_RING_BYTES,
  MIN_RING_BYTES,
  maxSpscRecordBytes,
  RING_CONTROL_BYTES,
  RING_RECORDS_EVENT,
  RING_ROOM_EVENT,
} from './ring-layout.js'

/** Default of `capacityBytes`. */
const DEFAULT_CAPACITY_BYTES: number = 2 ** 20

/** What differs between the kinds of rings. */
interface Kind {
  readonly kind: number
  readonly recordsEvent: number
  readonly roomEvent: number
  bytes(capacity: number): number
  maxRecordBytes(capacity: number): number
}

export const SPSC: Kind = {
  kind: KIND_SPSC_RING,
  recordsEvent: RING_RECORDS_EVENT,
  roomEvent: RING_ROOM_EVENT,
  bytes: (capacity) => RING_CONTROL_BYTES + capacity,
  maxRecordBytes: maxSpscRecordBytes,
}
export const MPSC: Kind = {
  ...SPSC,
  kind: KIND_MPSC_RING,
  bytes: mpscRingBytes,
  maxRecordBytes: maxMpscRecordBytes,
}
export const BROADCAST: Kind = {
  kind: KIND_BROADCAST_RING,
  recordsEvent: BROADCAST_RECORDS_EVENT,
  roomEvent: BROADCAST_ROOM_EVENT,
  bytes: (capacity) => BROADCAST_CONTROL_BYTES + capacity,
  maxRecordBytes: maxBroadcastRecordBytes,
}

/** A ring in a region. */
export interface PlacedRing {
  readonly region: SharedRegion
  readonly buffer: ArrayBufferLike
  readonly offset: number
  readonly capacityBytes: number
  readonly maxRecordBytes: number
  /** 0 when they vary. */
  readonly recordBytes: number
  readonly records: WaitEvent
  readonly room: WaitEvent
}

/** Find or create a ring. */
export function placeRing(region: Region, name: string, options: RingOptions, kind: Kind): PlacedRing {
  const { capacityBytes, recordBytes } = options
  if (capacityBytes !== undefined) checkCapacity(capacityBytes)
  checkRecordBytes(recordBytes, capacityBytes ?? MAX_RING_BYTES, kind)
  const inside = insideOf(region)
  const { offset, parameters } = placeObject(inside, {
    kind: kind.kind,
    name,
    parameters: { capacityBytes, recordBytes },
    defaults: { capacityBytes: DEFAULT_CAPACITY_BYTES, recordBytes: 0 },
    bodyBytes(found) {
      // For a ring of the default capacity they may be too large.
      checkRecordBytes(recordBytes, found.capacityBytes as number, kind)
      return kind.bytes(found.capacityBytes as number)
    },
  })
  const { words, participants, buffer } = inside
  return {
    region: inside,
    buffer,
    offset,
    capacityBytes: parameters.capacityBytes as number,
    maxRecordBytes: kind.maxRecordBytes(parameters.capacityBytes as number),
    recordBytes: parameters.recordBytes as number,
    records: new WaitEvent(words, offset + kind.recordsEvent, participants),
    room: new WaitEvent(words, offset + kind.roomEvent, participants),
  }
}

/**
 * Check the size of a ring given by the caller.
 *
 * @throws RangeError unless it is a power of two in bounds.
 */
function checkCapacity(capacityBytes: number): void {
  checkSize('capacityBytes', capacityBytes, MIN_RING_BYTES, MAX_RING_BYTES)
  if ((capacityBytes & (capacityBytes - 1)) !== 0) {
    throw new RangeError(`capacityBytes must be a power of two, got ${capacityBytes}`)
  }
}

function checkRecordBytes(recordBytes: number | undefined, capacityBytes: number, kind: Kind): void {
  if (recordBytes !== undefined) checkSize('recordBytes', recordBytes, 1, kind.maxRecordBytes(capacityBytes))
}
