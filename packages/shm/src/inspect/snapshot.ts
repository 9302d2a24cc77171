/** What a region holds, and who uses it, at one moment: plain JSON. */
export interface RegionSnapshot {
  /** Bytes the application lays out itself, objects with names, or a connection. */
  readonly content: 'bytes' | 'objects' | 'connection'
  /** Bytes that no object has. 0 unless it holds objects. */
  readonly freeBytes: number
  /** Those that have a slot, by its number. */
  readonly participants: readonly ParticipantSnapshot[]
  /** In the order in which they were created. */
  readonly objects: readonly ObjectSnapshot[]
}

/** One of the threads that use objects of a region. */
export interface ParticipantSnapshot {
  /** Number of its slot; events and locks name it by that. */
  readonly slot: number
  /** Its process, as that process saw its id. */
  readonly pid: number
  /** Whether it lives: the system knows, by the lock of the slot. One that is stopped does. */
  readonly alive: boolean
  /** It runs; its thread is blocked in a wait; its event loop waits. */
  readonly state: 'awake' | 'blocked' | 'parked'
  /** How often it was woken, counted from 0 to 2^32 - 1 and over again, by whoever had the slot. */
  readonly wakeUps: number
  /** How many of those who had the slot have died. */
  readonly losses: number
}

/** An object of a region. */
export type ObjectSnapshot =
  | BytesSnapshot
  | RingSnapshot
  | BroadcastSnapshot
  | ValueSnapshot
  | MutexSnapshot
  | SemaphoreSnapshot
  | ConditionSnapshot

interface NamedSnapshot {
  readonly name: string
  /** Memory that it takes, in all. */
  readonly totalBytes: number
}

/** See `sharedBytes`. */
export interface BytesSnapshot extends NamedSnapshot {
  readonly kind: 'bytes'
  readonly bytes: number
}

/** What all rings have. Positions count bytes, from 0 to 2^32 - 1 and over again, records' headers and padding included. */
interface PositionsSnapshot extends NamedSnapshot {
  readonly capacityBytes: number
  /** Size of all records; 0 when they vary. */
  readonly recordBytes: number
  /** Up to where the producers have come. */
  readonly tail: number
  /** Slots of those who have asked to be woken for records, and for room. */
  readonly waitingForRecords: readonly number[]
  readonly waitingForRoom: readonly number[]
}

/** See `spscRing` and `mpscRing`. */
export interface RingSnapshot extends PositionsSnapshot {
  readonly kind: 'spsc' | 'mpsc'
  /** Up to where the consumer has given memory back. */
  readonly head: number
  /** What lies between: bytes that the consumer has not read. */
  readonly lagBytes: number
  /** Of `mpsc`: living participants that have a producer, by slot. */
  readonly producers: readonly number[]
}

/** See `broadcastRing`. */
export interface BroadcastSnapshot extends PositionsSnapshot {
  readonly kind: 'broadcast'
  /** Records written so far, from 0 to 2^32 - 1 and over again. */
  readonly records: number
  /** Readers that the producer waits for. Others leave no trace. */
  readonly readers: readonly ReaderSnapshot[]
}

/** A reader that holds the producer of a broadcast ring back. */
export interface ReaderSnapshot {
  readonly slot: number
  readonly position: number
  readonly lagBytes: number
}

/** See `sharedValue`. */
export interface ValueSnapshot extends NamedSnapshot {
  readonly kind: 'value'
  /** Name of its codec, as far as there is room for it: 36 bytes. */
  readonly codec: string
  readonly maxBytes: number
  /** How many values were set, from 0 to 2^32 - 1 and over again, with a step of 4 instead. */
  readonly version: number
  /** The latest value, encoded: a copy. `undefined` when none was set, and where they may have more than 64 KiB. */
  readonly payload: Uint8Array | undefined
  readonly waiting: readonly number[]
}

/** See `mutex`. */
export interface MutexSnapshot extends NamedSnapshot {
  readonly kind: 'mutex'
  /** Slot of who holds it. */
  readonly holder: number | undefined
  /** How many wait for it. */
  readonly waiting: number
  /** Whether the last holder died, and nobody has had it since. */
  readonly abandoned: boolean
}

/** See `semaphore`. */
export interface SemaphoreSnapshot extends NamedSnapshot {
  readonly kind: 'semaphore'
  readonly available: number
  /** How many it began with. */
  readonly permits: number
  readonly waiting: number
}

/** See `condition`. */
export interface ConditionSnapshot extends NamedSnapshot {
  readonly kind: 'condition'
  readonly waiting: number
}
