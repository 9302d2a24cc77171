import { sequenceOf } from './processes/ring-record.js'
import type { RingSnapshot } from './protocol.js'

/** Memory that holds a ring, as one sees it who only looks: a region attached read-only, or one in a page. */
export interface RingMemory {
  loadInt32(offset: number): number
  read(start: number, end: number): Uint8Array
}

/** Where tail and head lie before the record area, and what a record begins with: see LAYOUT.md of @ipc/shm. */
const CONTROL_BYTES = 384
const TAIL = 0
const HEAD = 128
const RECORD_HEADER_BYTES = 8
const PADDING = -1

/**
 * Look at an SPSC ring without taking part in it: neither side notices. The records between head and tail stay as they
 * are until the head moves, so a copy is right from the head on that is loaded after it.
 */
export function readRing(memory: RingMemory, recordsAt: number, capacityBytes: number): RingSnapshot {
  const at = recordsAt - CONTROL_BYTES
  const tail = memory.loadInt32(at + TAIL)
  const bytes = memory.read(recordsAt, recordsAt + capacityBytes)
  const head = memory.loadInt32(at + HEAD)
  // The reader may have passed by meanwhile.
  if (((tail - head) | 0) <= 0) return { capacityBytes, head, tail: head, records: [] }
  return { capacityBytes, head, tail, records: recordsBetween(bytes, head, tail) }
}

function recordsBetween(bytes: Uint8Array, head: number, tail: number): RingSnapshot['records'] {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
  const records: [number, number, number][] = []
  for (let position = head; position !== tail; ) {
    const index = position & (bytes.length - 1)
    const length = words[index >> 2]!
    const size = (length + RECORD_HEADER_BYTES + 7) & -8
    const isPadding = words[(index >> 2) + 1] === PADDING
    records.push([index, size, isPadding ? PADDING : sequenceOf(bytes, index + RECORD_HEADER_BYTES)])
    position = (position + size) | 0
  }
  return records
}
