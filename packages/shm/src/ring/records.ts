/**
 * The writing half of a ring without waits and wake-ups: what {@link RingProducer} and a connection are built on.
 * Nothing is visible to the reader before `publish`.
 */
export interface RecordWriter {
  /** The record area. */
  readonly bytes: Uint8Array
  /** Longest payload of a record: with it, an empty ring has room wherever the positions are. */
  readonly maxRecordBytes: number
  /** Make room for a record; returns the index in `bytes` where its payload goes, or -1 when the ring is full. */
  tryClaim(payloadBytes: number, kind: number): number
  /** Finish the claimed record. */
  stage(): void
  /** Make what was staged visible. */
  publish(): void
  /** Forget the claimed record. */
  abort(): void
  /** Whether so much is free that a record of any length fits. */
  hasRoom(): boolean
}

/** The reading half of a ring without waits and wake-ups. */
export interface RecordReader {
  /** Where the record lies that `peek` found. */
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
  readonly kind: number
  /** Whether there is a record; `start`, `end` and `kind` then describe the oldest one. */
  peek(): boolean
  /** Step over the record that `peek` found. Its memory is the producer's again after `release`. */
  advance(): void
  /** Give the memory of all records stepped over back to the producer. */
  release(): void
  /** Whether at least half of the ring is free, as far as the reader knows. */
  hasRoom(): boolean
  /** Bytes stepped over since the last `release`, above which a batch should release. */
  readonly releaseBytes: number
  /** Whether the next record may be one that a dead producer left unfinished. */
  readonly isStalled?: boolean
  /** Step over such a record, if its producer is dead. Returns whether there was one. */
  recover?(): boolean
}
