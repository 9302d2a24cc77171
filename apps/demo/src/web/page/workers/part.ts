/** What a worker of the page is told first. */
export type Part = RegionPart | StreamPart

/** A part that plays in a region. */
export interface RegionPart {
  readonly role: 'ring-writer' | 'ring-reader' | 'racer' | 'value-writer' | 'value-reader'
  readonly buffer: SharedArrayBuffer
  /** Of a racer: 0 or 1. */
  readonly number: number
}

/** One end of two links between workers: shared memory, and a port. */
export interface StreamPart {
  readonly role: 'stream-sender' | 'stream-receiver'
  readonly buffer: SharedArrayBuffer
  readonly port: MessagePort
}

/** What the sender of streams is asked for. */
export interface StreamOrder {
  readonly over: StreamTransport
  readonly bytes: number
  readonly count: number
}

export type StreamTransport = 'shm' | 'ports'

/** What came of it. */
export interface StreamResult {
  readonly seconds: number
  /** Messages that the other worker had when it was told that these were all. */
  readonly arrived: number
}
