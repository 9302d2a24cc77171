import { broadcastRing, mpscRing, type Producer, type Region, type Ring, spscRing } from '@ipc/shm'
import { fillRecord, LONGEST_RECORD } from '../fixtures/numbered-records.js'

export type RingKind = 'spscRing' | 'mpscRing' | 'broadcastRing'

const RINGS = { spscRing, mpscRing, broadcastRing }
export const CAPACITY_BYTES = 4096
/** Kind of records that only move the ring on. */
export const FILLING = 9
export const FILLING_BYTES = 64
/** A record of a victim has more. */
const LEFT_BYTES = 8

/** The ring of a series. */
export function ringIn(region: Region, kind: RingKind): Ring {
  return RINGS[kind](region, 'ring', { capacityBytes: CAPACITY_BYTES })
}

/** The record with that number, of that writer. */
export function numbered(from: number, number: number): Uint8Array {
  const bytes = new Uint8Array(LONGEST_RECORD)
  return bytes.subarray(0, fillRecord(bytes, 0, from, number))
}

/** Write until the ring has so little room before its end that hardly a record fits there. */
export function moveToWrap(producer: Producer, drain: () => void): void {
  for (let tries = 0; tries < 1000; tries++) {
    const at = producer.tryClaim(FILLING_BYTES, FILLING)
    if (at < 0) {
      drain()
      continue
    }
    producer.commit()
    if (at + 2 * (FILLING_BYTES + LEFT_BYTES) >= CAPACITY_BYTES) break
  }
  drain()
}
