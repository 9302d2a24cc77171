import { IpcError } from '@ipc/core'
import {
  AWAKE,
  BLOCKED,
  KIND_BROADCAST_RING,
  KIND_MPSC_RING,
  KIND_SHARED_VALUE,
  KIND_SPSC_RING,
  MAX_PARTICIPANTS,
  OBJECT_BYTES,
  OBJECT_PARAMETERS,
  OBJECTS_END,
  OBJECTS_FIRST,
  PARTICIPANT_MODE,
  PARTICIPANT_WAKE,
  REGION_HEADER_BYTES,
} from '../layout.js'
import { checkName, defaultDirectory, REGION_SUFFIX } from '../region/directory.js'
import { FileLifeLocks } from '../region/file-life-locks.js'
import { nodeModule } from '../region/node-modules.js'
import { eachObject, type FoundObject, holdsObjects, nameOf } from '../region/objects.js'
import type { RegionDirectory, RegionInfo } from '../region/open-region.js'
import { ReadOnlyMapping } from '../region/read-only-region.js'
import { attachRegionFile } from '../region/region-file.js'
import { BROADCAST_CONTROL_BYTES } from '../ring/broadcast-layout.js'
import { mpscRingBytes } from '../ring/mpsc-layout.js'
import { RING_CONTROL_BYTES } from '../ring/ring-layout.js'
import { PAIR, PAIR_STATE } from '../transport/pair-layout.js'
import { valueBytes } from '../value/value-layout.js'
import { Participants } from '../wait/participants.js'
import { BroadcastTail } from './broadcast-tail.js'
import { MpscTail } from './mpsc-tail.js'
import { PollingTail, type RingTail, type TailSource } from './ring-tail.js'
import type { ParticipantSnapshot, RegionSnapshot } from './snapshot.js'
import { ObjectReader } from './snapshot-objects.js'
import { SpscTail } from './spsc-tail.js'

/** A region that is looked at from outside; see {@link inspectRegion}. */
export interface RegionInspection {
  readonly info: RegionInfo
  /** Whether the name still means this region: it may have been removed, and another one made. */
  readonly isCurrent: boolean
  /**
   * What is in it now, and who uses it. Positions and tickets of an object are those of one moment, as far as `RingSnapshot`
   * says; those of different objects are not.
   *
   * @throws IpcError `IPC_PROTOCOL` when it is corrupt; `IPC_CLOSED`.
   */
  snapshot(): RegionSnapshot
  /**
   * Read records of a ring without being one of its consumers.
   *
   * @param from - `'latest'`: what is written from now on; `'oldest'`: first what the consumer has not read, or of a
   * broadcast ring what is left of its lap.
   * @throws IpcError `IPC_CONNECT_FAILED` when there is no object of that name; `IPC_PROTOCOL` when it is no ring.
   */
  tail(ring: string, from?: 'latest' | 'oldest'): RingTail
  close(): void
}

/** How a thread sleeps, or not, by `PARTICIPANT_MODE`. */
const STATES: Readonly<Record<number, ParticipantSnapshot['state']>> = {
  [AWAKE]: 'awake',
  [BLOCKED]: 'blocked',
}

/**
 * Look at a named region without taking part: the memory is mapped so that it cannot be changed, no slot is taken, and
 * those who use it notice nothing. Who lives is asked of the system, by the locks of their slots. Does not wait.
 *
 * @throws TypeError for a name that cannot be right. IpcError as `openRegion` of a region that has to be there.
 *
 * @example
 * ```ts
 * import { inspectRegion } from '@ipc/shm/inspect'
 *
 * const region = inspectRegion('prices')
 * for (const object of region.snapshot().objects) console.log(object.kind, object.name)
 * region.close()
 * ```
 */
export function inspectRegion(name: string, options: RegionDirectory = {}): RegionInspection {
  const { directory = defaultDirectory() } = options
  return new MappedInspection(checkName(name), `${directory}/${name}${REGION_SUFFIX}`)
}

class MappedInspection implements RegionInspection {
  readonly info: RegionInfo
  readonly #path: string
  readonly #inode: number
  readonly #region: ReadOnlyMapping
  readonly #life: FileLifeLocks
  readonly #participants: Participants

  constructor(name: string, path: string) {
    const mapped = attachRegionFile(path, { access: 'read-only', foreign: true, withLockFd: true })
    const { payloadBytes, schema, creatorPid, createdAt, lockFd } = mapped
    this.info = { name, bytes: payloadBytes, schema, creatorPid, createdAt }
    this.#path = path
    this.#inode = nodeModule('node:fs').fstatSync(lockFd as number).ino
    this.#region = new ReadOnlyMapping(name, mapped)
    this.#life = new FileLifeLocks(lockFd as number)
    const { words, what } = this.#region
    this.#participants = new Participants({
      what,
      words,
      payload: REGION_HEADER_BYTES,
      life: this.#life,
      ...NOTHING_IS_CHANGED,
    })
  }

  get isCurrent(): boolean {
    return nodeModule('node:fs').lstatSync(this.#path, { throwIfNoEntry: false })?.ino === this.#inode
  }

  snapshot(): RegionSnapshot {
    this.#checkOpen()
    if (!holdsObjects(this.#region)) {
      return { content: this.#isPair() ? 'connection' : 'bytes', freeBytes: 0, participants: [], objects: [] }
    }
    for (const object of eachObject(this.#region)) this.#checkWhole(object)
    const reader = new ObjectReader(this.#region, (name) => this.#participants.lives(name))
    const end = Atomics.load(this.#region.words, (REGION_HEADER_BYTES + OBJECTS_END) >> 2)
    return {
      content: 'objects',
      freeBytes: this.info.bytes - Math.max(end, OBJECTS_FIRST),
      participants: this.#all(),
      objects: reader.all(),
    }
  }

  tail(ring: string, from: 'latest' | 'oldest' = 'latest'): RingTail {
    this.#checkOpen()
    const { what } = this.#region
    const objects = holdsObjects(this.#region) ? [...eachObject(this.#region)] : []
    const found = objects.find(({ object }) => nameOf(this.#region, object) === ring)
    if (found === undefined) throw new IpcError('IPC_CONNECT_FAILED', `there is no ${ring} in ${what}`)
    this.#checkWhole(found)
    const source = this.#source(found)
    if (source === undefined) throw new IpcError('IPC_PROTOCOL', `${ring} in ${what} is no ring`)
    return new PollingTail(source, from)
  }

  close(): void {
    if (this.#region.closed) return
    this.#region.close()
    this.#life.close()
  }

  #all(): ParticipantSnapshot[] {
    const participants: ParticipantSnapshot[] = []
    for (let slot = 0; slot < MAX_PARTICIPANTS; slot++) {
      const { isFree, pid, losses } = this.#participants.lossesOf(slot)
      if (isFree) continue
      const load = (field: number): number =>
        Atomics.load(this.#region.words, this.#participants.word(slot, field))
      participants.push({
        slot,
        pid,
        alive: this.#participants.lives(this.#participants.nameOf(slot)),
        state: STATES[load(PARTICIPANT_MODE)] ?? 'parked',
        wakeUps: load(PARTICIPANT_WAKE) >>> 0,
        losses,
      })
    }
    return participants
  }

  #source({ kind, object, offset }: FoundObject): TailSource | undefined {
    const { words } = this.#region
    const capacity = words[(object + OBJECT_PARAMETERS) >> 2] as number
    if (kind === KIND_SPSC_RING) return new SpscTail(words, offset, capacity)
    if (kind === KIND_MPSC_RING) return new MpscTail(words, offset, capacity)
    if (kind === KIND_BROADCAST_RING) return new BroadcastTail(words, offset, capacity)
    return undefined
  }

  #isPair(): boolean {
    const { bytes, words } = this.#region
    return bytes.length >= 4 && Atomics.load(words, (REGION_HEADER_BYTES + PAIR_STATE) >> 2) === PAIR
  }

  /** A ring that says it is larger than its object would be read beyond it. */
  #checkWhole({ kind, object, offset }: FoundObject): void {
    const { words, what } = this.#region
    const capacity = words[(object + OBJECT_PARAMETERS) >> 2] as number
    const room = object + (words[(object + OBJECT_BYTES) >> 2] as number) - offset
    if ((BODY_BYTES[kind]?.(capacity) ?? 0) <= room && capacity >= 0) return
    throw new IpcError('IPC_PROTOCOL', `${what} is corrupt: an object has ${room} bytes for ${capacity}`)
  }

  #checkOpen(): void {
    if (this.#region.closed) throw new IpcError('IPC_CLOSED', `${this.#region.what} is closed`)
  }
}

/** What nobody asks of participants here. */
const NOTHING_IS_CHANGED = {
  futex: { block: () => {}, unblock: () => {} },
  bells: undefined,
  recover: () => {},
}

/** Bytes of the body of an object by its first parameter. */
const BODY_BYTES: Readonly<Record<number, (first: number) => number>> = {
  [KIND_SPSC_RING]: (capacity) => RING_CONTROL_BYTES + capacity,
  [KIND_MPSC_RING]: mpscRingBytes,
  [KIND_BROADCAST_RING]: (capacity) => BROADCAST_CONTROL_BYTES + capacity,
  [KIND_SHARED_VALUE]: valueBytes,
}
