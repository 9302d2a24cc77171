import { REGION_HEADER_BYTES } from '../layout.js'
import { defaultDirectory, PAIR_SUFFIX } from '../region/directory.js'
import { nodeModule } from '../region/node-modules.js'
import type { RegionDirectory } from '../region/open-region.js'
import { RING_HEAD, RING_TAIL } from '../ring/ring-layout.js'
import {
  PAIR,
  PAIR_CAPACITY,
  PAIR_STATE,
  ringOffset,
  SIDE_A,
  SIDE_CODEC,
  SIDE_CODEC_BYTES,
  SIDE_CODEC_MAX_BYTES,
} from '../transport/pair-layout.js'
import { type MappedFile, mappedFiles } from './mapped-files.js'

/** A connection of `shm()`, as it can be seen from outside. */
export interface ConnectionInfo {
  /** The name that its listener has, or had. */
  readonly name: string
  /** Tells it from others of that name. */
  readonly id: string
  /** Processes that have it open; one if both sides are in the same. */
  readonly pids: readonly number[]
  /** What is in its rings; `undefined` where the system does not let this process look. */
  readonly rings: PairInfo | undefined
}

/** The two rings of a connection. */
export interface PairInfo {
  readonly capacityBytes: number
  /** As far as there is room for its name: 112 bytes. */
  readonly codec: string
  /** From the side that accepted to the one that connected. */
  readonly accepted: PairRingInfo
  readonly connected: PairRingInfo
}

/** One direction of a connection. Positions count bytes, from 0 to 2^32 - 1 and over again. */
export interface PairRingInfo {
  readonly head: number
  readonly tail: number
  /** Sent, and not yet read. */
  readonly lagBytes: number
}

/**
 * The connections of a directory that are open. Their memory has no name, so that nothing stays when both processes die:
 * it is found in the lists of what each process has mapped, and read there. Linux only, elsewhere there are none; of
 * processes that this one may look at.
 *
 * @example
 * ```ts
 * import { listConnections } from '@ipc/shm/inspect'
 *
 * for (const { name, pids, rings } of listConnections()) console.log(name, pids, rings?.accepted.lagBytes)
 * ```
 */
export function listConnections(options: RegionDirectory = {}): ConnectionInfo[] {
  const { directory = defaultDirectory() } = options
  const byInode = new Map<number, MappedFile[]>()
  for (const file of mappedFiles(directory)) {
    if (file.path.endsWith(PAIR_SUFFIX)) byInode.set(file.inode, [...(byInode.get(file.inode) ?? []), file])
  }
  return [...byInode.values()].flatMap((files) => {
    const [, name, id] = /([^/]+)\.([0-9a-f]{16})\.pair$/.exec(files[0]?.path ?? '') ?? []
    if (name === undefined || id === undefined) return []
    return { name, id, pids: [...new Set(files.map(({ pid }) => pid))], rings: ringsOf(files) }
  })
}

function ringsOf(files: readonly MappedFile[]): PairInfo | undefined {
  for (const file of files) {
    const rings = lookAt(file)
    if (rings !== undefined) return rings
  }
  return undefined
}

function lookAt({ pid, address }: MappedFile): PairInfo | undefined {
  const { closeSync, openSync, readSync } = nodeModule('node:fs')
  let fd: number
  try {
    fd = openSync(`/proc/${pid}/mem`, 'r')
  } catch {
    return undefined
  }
  const bytesAt = (offset: number, length: number): Buffer => {
    const bytes = Buffer.alloc(length)
    readSync(fd, bytes, 0, length, address + REGION_HEADER_BYTES + offset)
    return bytes
  }
  const word = (offset: number): number => new Int32Array(bytesAt(offset, 4).buffer, 0, 1)[0] as number
  try {
    if (word(PAIR_STATE) !== PAIR) return undefined
    const capacityBytes = word(PAIR_CAPACITY)
    const codecBytes = Math.max(0, Math.min(word(SIDE_A + SIDE_CODEC_BYTES), SIDE_CODEC_MAX_BYTES))
    return {
      capacityBytes,
      codec: bytesAt(SIDE_A + SIDE_CODEC, codecBytes).toString(),
      accepted: positionsOf(word, ringOffset(capacityBytes, 0)),
      connected: positionsOf(word, ringOffset(capacityBytes, 1)),
    }
  } catch {
    // It has ended meanwhile.
    return undefined
  } finally {
    closeSync(fd)
  }
}

function positionsOf(word: (offset: number) => number, ring: number): PairRingInfo {
  // In this order: so it never seems that more was read than written.
  const head = word(ring + RING_HEAD)
  const tail = word(ring + RING_TAIL)
  return { head: head >>> 0, tail: tail >>> 0, lagBytes: (tail - head) >>> 0 }
}
