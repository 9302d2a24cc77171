import type { ObjectSnapshot } from '@ipc/shm/inspect'
import { decodeShown } from '../wire/shown-payload.js'
import { bytesOf, grouped, listOf } from './figures.js'

/** What a person wants to know of an object, in one line. */
export function factsOf(object: ObjectSnapshot): string {
  switch (object.kind) {
    case 'bytes':
      return `${grouped(object.bytes)} bytes`
    case 'spsc':
    case 'mpsc':
      return [
        `head ${object.head}  tail ${object.tail}  lag ${lagOf(object.lagBytes, object.capacityBytes)}`,
        ...(object.kind === 'mpsc' ? [`producers ${listOf(object.producers)}`] : []),
        ...waitsOf(object),
      ].join('  ')
    case 'broadcast':
      return [
        `tail ${object.tail}  records ${grouped(object.records)}`,
        ...object.readers.map(
          ({ slot, lagBytes }) => `reader ${slot} lag ${lagOf(lagBytes, object.capacityBytes)}`,
        ),
        ...waitsOf(object),
      ].join('  ')
    case 'value':
      return [
        `version ${grouped(object.version)}`,
        object.payload === undefined ? 'no value' : `value ${decodeShown(object.payload, object.codec)}`,
        ...(object.waiting.length > 0 ? [`waiting ${listOf(object.waiting)}`] : []),
      ].join('  ')
    case 'mutex':
      return [
        object.holder === undefined ? 'free' : `held by ${object.holder}`,
        `waiting ${object.waiting}`,
        ...(object.abandoned ? ['abandoned'] : []),
      ].join('  ')
    case 'semaphore':
      return `available ${object.available} of ${object.permits}  waiting ${object.waiting}`
    case 'condition':
      return `waiting ${object.waiting}`
  }
}

/** Bytes that were written and not read, and how much of the ring they are. */
export function lagOf(lagBytes: number, capacityBytes: number): string {
  const percent = Math.round((100 * lagBytes) / capacityBytes)
  return lagBytes === 0 ? '0' : `${lagBytes} (${percent} %)`
}

function waitsOf(ring: {
  readonly waitingForRecords: readonly number[]
  readonly waitingForRoom: readonly number[]
}): string[] {
  const waits: string[] = []
  if (ring.waitingForRecords.length > 0) waits.push(`awaits records ${listOf(ring.waitingForRecords)}`)
  if (ring.waitingForRoom.length > 0) waits.push(`awaits room ${listOf(ring.waitingForRoom)}`)
  return waits
}

/** Size of what an object holds, for its column. */
export function sizeOf(object: ObjectSnapshot): string {
  if ('capacityBytes' in object) return bytesOf(object.capacityBytes)
  if (object.kind === 'value') return bytesOf(object.maxBytes)
  return object.kind === 'bytes' ? bytesOf(object.bytes) : '-'
}
