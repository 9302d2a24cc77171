import type { Piece, PieceTaker } from './piece.js'
import type { Random } from './random.js'

/**
 * What harms one direction of connections. Positions and times in it count from the moment at which it began to act on a
 * connection.
 */
export interface Toxic {
  /** For messages. */
  readonly name: string
  /** Begin to act on one direction of one connection. */
  start(context: ToxicContext): Transform
}

/** Takes a piece, and passes on what becomes of it. */
export type Transform = (piece: Piece, pass: PieceTaker) => void

/** What a toxic that acts on a connection may use. */
export interface ToxicContext {
  /** Its own. */
  readonly random: Random
  /** Call once after a time, unless the toxic is taken away or the connection is gone by then. */
  after(delayMs: number, action: () => void): void
  /** Reset the connection, both of its sides. */
  reset(): void
}

/** What harms whole connections, from their first moment on. */
export interface ConnectionToxic {
  readonly name: 'refuse' | 'duplicateConnection'
}

/** What is wrong with a network. What is left out is as it should be. */
export interface Toxics {
  /** From the dialer to the listener. Bytes pass them in this order. */
  readonly up?: readonly Toxic[]
  /** From the listener to the dialer. */
  readonly down?: readonly Toxic[]
  /** For connections that begin from now on. */
  readonly connection?: readonly ConnectionToxic[]
}
