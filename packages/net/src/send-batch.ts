import type { Codec } from '@ipc/core'
import { FRAME, HEADER_BYTES, WHOLE, writeHeader } from './frame.js'
import { giveSlab, SLAB_BYTES, takeSlab } from './slab-pool.js'

/** Frames that go to the socket in one write: small ones side by side in a slab, large ones in memory of their own. */
export class SendBatch {
  bytes = 0
  messages = 0
  readonly #pieces: Buffer[] = []
  #slab: Buffer | undefined
  /** What lies in `slab[from, end)` is not among the pieces yet. */
  #from = 0
  #end = 0

  /** Encode straight into the slab. Returns the message's size, or -1 when it does not fit behind the others. */
  encode<Out>(codec: Codec<never, Out>, message: Out, maxBytes: number): number {
    this.#slab ??= takeSlab()
    const body = this.#end + HEADER_BYTES
    if (body > SLAB_BYTES) return -1
    const end = codec.encode(message, this.#slab, body)
    const length = end - body
    if (end < 0 || length > maxBytes) return end < 0 ? -1 : length
    // The length is known only now: the header comes before, and is written after.
    writeHeader(this.#slab, this.#end, length, FRAME.data, WHOLE)
    this.#end = end
    this.bytes += HEADER_BYTES + length
    this.messages++
    return length
  }

  /** Add memory that nobody changes until the batch is written. */
  add(pieces: readonly Buffer[], messages: number): void {
    this.#seal()
    for (const piece of pieces) {
      this.#pieces.push(piece)
      this.bytes += piece.length
    }
    this.messages += messages
  }

  /** What to write, in order. */
  take(): readonly Buffer[] {
    this.#seal()
    return this.#pieces
  }

  /** The socket is done with the pieces. */
  release(): void {
    if (this.#slab !== undefined) giveSlab(this.#slab)
    this.#slab = undefined
  }

  #seal(): void {
    if (this.#slab === undefined || this.#end === this.#from) return
    this.#pieces.push(this.#slab.subarray(this.#from, this.#end))
    this.#from = this.#end
  }
}
