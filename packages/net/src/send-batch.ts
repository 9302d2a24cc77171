import type { Codec } from '@ipc/core'
import { FRAME, HEADER_BYTES, MESSAGE_COST_BYTES, WHOLE, writeHeader } from './frame.js'
import { giveSlab, SLAB_BYTES, takeSlab } from './slab-pool.js'

/** The half of a codec that sending needs. */
export type Encoder<Out> = Pick<Codec<never, Out>, 'encode' | 'sizeOf'>

/** Bytes to write in one go. */
export interface Outgoing {
  readonly pieces: Buffer[]
  bytes: number
  messages: number
  /** What it takes of the peer's credit. */
  cost: number
}

/** Frames on their way to the socket: small messages side by side in a slab, large ones in memory of their own. */
export class SendBatch {
  bytes = 0
  readonly #parts: Outgoing[] = []
  #slab: Buffer | undefined
  /** `slab[from, end)` holds messages that are not among the parts yet. */
  #from = 0
  #end = 0
  #messages = 0

  /** Everything was taken. */
  get empty(): boolean {
    return this.#parts.length === 0 && this.#from === this.#end
  }

  /** Encode straight into the slab. Returns the message's size; -1 when it does not fit; above `maxBytes` it is not kept. */
  encode<Out>(codec: Encoder<Out>, message: Out, maxBytes: number): number {
    this.#slab ??= takeSlab()
    const body = this.#end + HEADER_BYTES
    if (body > SLAB_BYTES) return -1
    const end = codec.encode(message, this.#slab, body)
    if (end < 0) return -1
    const length = end - body
    if (length > maxBytes) return length
    // The length is known only now: the header comes before, and is written after.
    writeHeader(this.#slab, this.#end, length, FRAME.data, WHOLE)
    this.#end = end
    this.#messages++
    this.bytes += HEADER_BYTES + length
    return length
  }

  /** Add the frames of one message (or of none, at no cost). Nobody changes this memory any more. */
  add(pieces: Buffer[], messages: number, cost: number): void {
    this.#seal()
    let bytes = 0
    for (const piece of pieces) bytes += piece.length
    this.#parts.push({ pieces, bytes, messages, cost })
    this.bytes += bytes
  }

  /** Take what `credit` allows, in order: a message may begin while there is any left. */
  take(credit: number): Outgoing | undefined {
    this.#seal()
    const parts = this.#parts
    const taken = takePart(parts, credit)
    if (taken === undefined) return undefined
    while (parts.length > 0) {
      const part = takePart(parts, credit - taken.cost)
      if (part === undefined) break
      taken.pieces.push(...part.pieces)
      taken.bytes += part.bytes
      taken.messages += part.messages
      taken.cost += part.cost
    }
    this.bytes -= taken.bytes
    return taken
  }

  /** Everything was taken and written: begin anew. */
  reset(): void {
    if (this.#slab !== undefined) giveSlab(this.#slab)
    this.#slab = undefined
    this.#from = 0
    this.#end = 0
  }

  #seal(): void {
    const bytes = this.#end - this.#from
    if (this.#slab === undefined || bytes === 0) return
    const messages = this.#messages
    const cost = bytes + messages * (MESSAGE_COST_BYTES - HEADER_BYTES)
    this.#parts.push({ pieces: [this.#slab.subarray(this.#from, this.#end)], bytes, messages, cost })
    this.#from = this.#end
    this.#messages = 0
  }
}

/** The first part, or as much of it as there is `credit` for. */
function takePart(parts: Outgoing[], credit: number): Outgoing | undefined {
  const part = parts[0]
  if (part === undefined || (credit <= 0 && part.cost > 0)) return undefined
  if (part.messages > 1 && part.cost > credit) return splitOff(part, credit)
  return parts.shift()
}

/** Cut the messages for which there is `credit` off the front of a part that lies in a slab. */
function splitOff(part: Outgoing, credit: number): Outgoing {
  const slab = part.pieces[0]!
  let bytes = 0
  let messages = 0
  let cost = 0
  while (cost < credit) {
    const length = slab.readUIntLE(bytes, 3)
    bytes += HEADER_BYTES + length
    cost += length + MESSAGE_COST_BYTES
    messages++
  }
  part.pieces[0] = slab.subarray(bytes)
  part.bytes -= bytes
  part.messages -= messages
  part.cost -= cost
  return { pieces: [slab.subarray(0, bytes)], bytes, messages, cost }
}
