/** What travels in one direction of a connection. */
export type Piece = BytesPiece | EndPiece | ResetPiece

interface Timed {
  /** Not passed on before this moment of `performance.now()`. */
  readonly dueMs: number
}

/** Some bytes, at least one. */
export interface BytesPiece extends Timed {
  readonly kind: 'bytes'
  readonly bytes: Buffer
  /** Whether the receiver has a turn of the event loop to read them before more is written. */
  readonly alone: boolean
}

/** No more bytes: FIN. */
export interface EndPiece extends Timed {
  readonly kind: 'end'
}

/** The connection is gone: RST. */
export interface ResetPiece extends Timed {
  readonly kind: 'reset'
  /** Whether the bytes that the receiver has no room for are lost, as those of a peer that died are. */
  readonly overtakes: boolean
}

/** Takes a piece. */
export type PieceTaker = (piece: Piece) => void
