import { IpcError } from '@ipc/core'
import { checkSize } from '@ipc/core/internal'
import { REGION_HEADER_BYTES } from '../layout.js'
import type { Bells } from '../wait/bell.js'
import { type Futex, threadFutex } from '../wait/futex.js'
import type { LifeLocks } from '../wait/life-locks.js'
import { Participant } from '../wait/participant.js'
import { Participants } from '../wait/participants.js'
import type { PeerWatch } from '../wait/peer-watch.js'
import { checkSchema, readHeader, writeHeader } from './region-header.js'

/** Largest payload of a region. */
export const MAX_REGION_BYTES: number = 2 ** 31 - 1 - REGION_HEADER_BYTES

/**
 * A block of memory that several threads or processes see at once. What one writes, the others read. It holds either
 * bytes that the application lays out itself (`bytes`), or named objects (rings, values, locks) that
 * `spscRing(region, name)` and its kin find or create in it; an object `sharedBytes` is for both at once.
 */
export interface Region {
  /** The name others attach by; `undefined` for a region over a `SharedArrayBuffer`. */
  readonly name: string | undefined
  /** The whole memory, header included. For `SharedArrayBuffer` regions this is what a thread is handed. */
  readonly buffer: ArrayBufferLike
  /** The application's part, a view and no copy: zeros in a new region. Use `Atomics` where two sides touch a place. */
  readonly bytes: Uint8Array
  /** What its creator named the content; `''` if nothing. */
  readonly schema: string
  /** Whether {@link Region.close} was called. */
  readonly closed: boolean
  /**
   * Names this thread among all who use objects of this region, for others who want to know whether it lives. An integer of 32
   * bits, never 0; its lowest byte, halved, is the number of its slot: below 128, and nobody else's meanwhile.
   *
   * @throws IpcError `IPC_CLOSED`; `IPC_OUT_OF_MEMORY` when 128 use the region.
   */
  readonly participant: number
  /**
   * Whether the thread of that name still uses the region. Proved by the system: one that stands still does, one that was
   * killed does not. Threads that share a `SharedArrayBuffer` do until they close the region. One system call.
   */
  lives(participant: number): boolean
  /**
   * Be told when others have died that used objects of this region: killed processes, threads that ended without closing
   * it. Proved by the system, so a process that only stands still is never among them. Looks ten times a second, which
   * keeps no process alive. Threads of one process that share a `SharedArrayBuffer` are not watched.
   *
   * What they left is put right without this: holes in rings, locks, readers that hold a producer back.
   *
   * @returns what ends this.
   */
  onPeerLost(listener: (peer: LostPeer) => void): () => void
  /**
   * Detach. The memory lives on for others. What waits on an object of the region here rejects with `IPC_CLOSED`. Views
   * of a named region then read zeros, and what is written there goes nowhere: they cannot crash the process. Calling
   * it again does nothing.
   */
  close(): void
}

/** One who used a region and died; see {@link Region.onPeerLost}. */
export interface LostPeer {
  /** Its process, as that process saw its id; another one may have it by now. */
  readonly pid: number
}

/** Options of {@link createRegion}. */
export interface CreateRegionOptions {
  /**
   * Names what is in the region, at most 64 bytes of UTF-8: the name of a `struct` codec, a version of your layout. Who
   * attaches and expects another one is refused.
   *
   * @default ''
   */
  readonly schema?: string | undefined
}

/**
 * Create a region over a `SharedArrayBuffer`, for threads of one process (and for browsers, in pages that are
 * cross-origin isolated). Hand `region.buffer` to the other thread, which calls {@link attachRegion} or
 * `fromBuffer`.
 *
 * @param bytes - Size of the application's part. Objects need 8.4 KiB beside their own size.
 * @throws RangeError for a size that cannot be right. IpcError `IPC_NOT_SUPPORTED` where `SharedArrayBuffer` is not
 * available; `IPC_OUT_OF_MEMORY`.
 *
 * @example
 * ```ts
 * import { createRegion } from '@ipc/shm'
 *
 * const region = createRegion(4096)
 * const counters = new Int32Array(region.bytes.buffer, region.bytes.byteOffset, 16)
 * Atomics.add(counters, 0, 1)
 * ```
 */
export function createRegion(bytes: number, options: CreateRegionOptions = {}): Region {
  checkSize('bytes', bytes, 1, MAX_REGION_BYTES)
  const schema = checkSchema(options.schema ?? '')
  if (typeof SharedArrayBuffer === 'undefined') {
    throw new IpcError(
      'IPC_NOT_SUPPORTED',
      'no SharedArrayBuffer: the page must be cross-origin isolated (headers ' +
        'Cross-Origin-Opener-Policy: same-origin, Cross-Origin-Embedder-Policy: require-corp)',
    )
  }
  let buffer: SharedArrayBuffer
  try {
    buffer = new SharedArrayBuffer(REGION_HEADER_BYTES + bytes)
  } catch (cause) {
    throw new IpcError('IPC_OUT_OF_MEMORY', `no memory for a region of ${bytes} bytes`, { cause })
  }
  writeHeader(buffer, bytes, schema)
  return new SharedRegion({ buffer, payloadBytes: bytes, schema })
}

/**
 * The region in a `SharedArrayBuffer` that another thread made with {@link createRegion}.
 *
 * @param options - `schema`: what the region has to hold; not looked at when it is not given.
 * @throws TypeError when it is none. IpcError `IPC_VERSION_MISMATCH` when another version of this package made it;
 * `IPC_PROTOCOL` when it holds something else.
 */
export function attachRegion(buffer: SharedArrayBuffer, options: CreateRegionOptions = {}): Region {
  if (typeof SharedArrayBuffer === 'undefined' || !(buffer instanceof SharedArrayBuffer)) {
    throw new TypeError('attachRegion takes the SharedArrayBuffer of a region')
  }
  const { payloadBytes, schema } = readHeader(buffer, 'the SharedArrayBuffer', options)
  return new SharedRegion({ buffer, payloadBytes, schema })
}

/** What is done about participants that die. It is given, not imported: pages need none of it, and do not load it. */
export interface CrashSafety {
  /** Proof of who lives. */
  readonly life: LifeLocks
  /** Put right what a dead participant left in the objects of the region. */
  recover(region: SharedRegion, participant: number): void
  /** Tell who has died. */
  watch(participants: Participants): PeerWatch
}

/** What a {@link SharedRegion} is made of. */
export interface SharedRegionInit {
  readonly name?: string | undefined
  readonly buffer: ArrayBufferLike
  readonly payloadBytes: number
  readonly schema: string
  /** Only for mapped memory; between threads the engine's own. */
  readonly futex?: Futex | undefined
  /** The bells of its directory, asked for when the first object is used. Only for named regions. */
  readonly bells?: (() => Bells) | undefined
  /** Only for named regions: threads that share a `SharedArrayBuffer` end together. */
  readonly crashSafety?: CrashSafety | undefined
  /** Called once, at `close`. */
  readonly detach?: (() => void) | undefined
}

/** Every region of this package: what {@link Region} promises, and what objects in it need. */
export class SharedRegion implements Region {
  readonly name: string | undefined
  readonly buffer: ArrayBufferLike
  readonly bytes: Uint8Array
  readonly schema: string
  /** The whole region, as far as it is whole words. */
  readonly words: Int32Array
  readonly #init: SharedRegionInit
  #participants: Participants | undefined
  #self: Participant | undefined
  #watch: PeerWatch | undefined
  readonly #shared = new Map<string, unknown>()
  readonly #onClose = new Set<() => void>()
  #closed = false

  constructor(init: SharedRegionInit) {
    const { name, buffer, payloadBytes, schema } = init
    this.#init = init
    this.name = name
    this.buffer = buffer
    this.bytes = new Uint8Array(buffer, REGION_HEADER_BYTES, payloadBytes)
    this.schema = schema
    this.words = new Int32Array(buffer, 0, (REGION_HEADER_BYTES + payloadBytes) >> 2)
  }

  /** Those who take part in the objects. */
  get participants(): Participants {
    const { futex, bells, crashSafety } = this.#init
    this.#participants ??= new Participants({
      what: this.what,
      words: this.words,
      payload: REGION_HEADER_BYTES,
      futex: futex ?? threadFutex(this.words),
      bells: bells?.(),
      life: crashSafety?.life,
      recover: (participant) => crashSafety?.recover(this, participant),
    })
    return this.#participants
  }

  /**
   * This thread among them. In a named region it joins with its first object, so that its death is noticed; between
   * threads, which end together, only when it waits.
   */
  get self(): Participant {
    this.checkOpen()
    this.#self ??= new Participant(this.participants)
    return this.#self
  }

  get participant(): number {
    return this.self.name
  }

  lives(participant: number): boolean {
    return this.participants.lives(participant)
  }

  /** @throws IpcError `IPC_CLOSED` when the region is closed. */
  checkOpen(): void {
    if (this.#closed) throw closedError(this.what)
  }

  /** Use an object of the region. */
  enter(): void {
    if (this.provesLife) this.self.checkSeat()
  }

  /** Whether the death of one who takes part is noticed. Threads of one process end together. */
  get provesLife(): boolean {
    return this.#init.crashSafety !== undefined
  }

  /** What there is only one of for all who ask for it in this thread, made for the first one. */
  shared<T>(key: string, make: () => T): T {
    const made = this.#shared.has(key) ? (this.#shared.get(key) as T) : make()
    this.#shared.set(key, made)
    return made
  }

  onPeerLost(listener: (peer: LostPeer) => void): () => void {
    if (typeof listener !== 'function') throw new TypeError(`expected a listener, got ${typeof listener}`)
    this.checkOpen()
    const { crashSafety } = this.#init
    if (crashSafety === undefined) return () => {}
    this.#watch ??= crashSafety.watch(this.participants)
    return this.#watch.add(listener)
  }

  /** Call `close` when the region is closed, before its memory is gone. Returns what takes this back. */
  onClose(close: () => void): () => void {
    this.#onClose.add(close)
    return () => this.#onClose.delete(close)
  }

  /** Names the region in messages. */
  get what(): string {
    return this.name === undefined ? 'the region' : `region ${this.name}`
  }

  get closed(): boolean {
    return this.#closed
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const close of this.#onClose) close()
    this.#watch?.stop()
    this.#self?.leave()
    this.#participants?.bells?.release()
    this.#init.detach?.()
  }
}

/** What somebody gets who uses what is closed. */
export function closedError(what: string): IpcError {
  return new IpcError('IPC_CLOSED', `${what} is closed`)
}

/**
 * The inside of a region given by the caller.
 *
 * @throws TypeError when it is none of this package. IpcError `IPC_CLOSED` when it is closed.
 */
export function insideOf(region: Region): SharedRegion {
  if (!(region instanceof SharedRegion))
    throw new TypeError('expected a region of openRegion or createRegion')
  region.checkOpen()
  return region
}
