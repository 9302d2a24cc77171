import type { Piece } from './piece.js'

/** So many places of taken pieces are kept before they are cleared away at once. */
const TAKEN_LIMIT = 1024

/** Pieces on their way, in order. */
export class PieceQueue {
  bytes = 0
  #pieces: Piece[] = []
  #taken = 0

  get first(): Piece | undefined {
    return this.#pieces[this.#taken]
  }

  get last(): Piece | undefined {
    return this.first && this.#pieces.at(-1)
  }

  /** Put it behind the others. Nothing comes behind a reset. */
  add(piece: Piece): void {
    if (this.last?.kind === 'reset') return
    this.#pieces.push(piece)
    if (piece.kind === 'bytes') this.bytes += piece.bytes.length
  }

  removeFirst(): void {
    const first = this.first
    if (first?.kind === 'bytes') this.bytes -= first.bytes.length
    this.#taken++
    if (this.#taken < TAKEN_LIMIT && this.first !== undefined) return
    this.#pieces = this.#pieces.slice(this.#taken)
    this.#taken = 0
  }

  /** Everything, and nothing is left. */
  takeAll(): Piece[] {
    const pieces = this.#pieces.slice(this.#taken)
    this.#pieces = []
    this.#taken = 0
    this.bytes = 0
    return pieces
  }
}
