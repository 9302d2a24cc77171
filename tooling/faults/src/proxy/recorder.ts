import type { Piece } from './piece.js'
import type { Direction } from './proxied-connection.js'

/** Something that was passed on. */
export interface RecordedEvent {
  /** Id of the connection. */
  readonly connection: number
  readonly direction: Direction
  /** Since the recording began. */
  readonly atMs: number
  /** FIN is `end`, RST is `reset`. */
  readonly kind: Piece['kind']
  /** What was written at once; empty unless `kind` is `bytes`. */
  readonly bytes: Uint8Array
}

/** Records what a proxy passes on, after the toxics, until told to stop. */
export interface Recorder {
  /** So far, in order. */
  readonly events: readonly RecordedEvent[]
  stop(): void
}

/** What a {@link Recorder} is to the proxy. */
export class PieceRecorder implements Recorder {
  readonly events: RecordedEvent[] = []
  readonly #beganMs = performance.now()
  readonly #stopped: (recorder: PieceRecorder) => void

  constructor(stopped: (recorder: PieceRecorder) => void) {
    this.#stopped = stopped
  }

  passed(connection: number, direction: Direction, piece: Piece): void {
    const atMs = performance.now() - this.#beganMs
    // A small buffer is a part of a large one, which would be kept.
    const bytes = piece.kind === 'bytes' ? new Uint8Array(piece.bytes) : new Uint8Array()
    this.events.push({ connection, direction, atMs, kind: piece.kind, bytes })
  }

  stop(): void {
    this.#stopped(this)
  }
}
