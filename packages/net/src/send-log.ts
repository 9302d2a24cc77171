import { type Codec, IpcError } from '@ipc/core'
import { FRAME, fragment, HEADER_BYTES, MESSAGE_COST_BYTES, WHOLE, writeHeader } from './frame.js'
import { SLAB_BYTES, Slab } from './slab.js'

/** The half of a codec that sending needs. */
export type Encoder<Out> = Pick<Codec<never, Out>, 'encode' | 'sizeOf'>

/** What the peer takes, and this side's own limit. */
export interface LogLimits {
  readonly maxFrameBytes: number
  readonly maxMessageBytes: number
}

/** Bytes to write in one go. */
export interface Outgoing {
  readonly pieces: Buffer[]
  bytes: number
  /** Messages whose last byte is among them. */
  messages: number
  /** What they take of the peer's credit. */
  cost: number
}

/** Whole messages side by side in a slab, or one of its own, in one frame or several. */
interface Part {
  /** One piece of frames; or for each frame of a large message its header and its body. */
  readonly pieces: Buffer[]
  bytes: number
  messages: number
  cost: number
  readonly slab: Slab | undefined
  /** Pieces that were taken. */
  taken: number
}

/**
 * The messages of one direction that the peer is not known to have: encoded once, in order, ready to be written, and
 * written again when a session goes on over another socket. They are let go when they are acknowledged.
 */
export class SendLog<Out> {
  /** Frames not acknowledged, in bytes. */
  bytes = 0
  /** Messages not acknowledged. */
  messages = 0
  /** Messages acknowledged, of all ever sent. */
  acknowledged = 0
  /** Messages taken as a whole, of all ever sent. */
  taken = 0
  readonly #codec: Encoder<Out>
  readonly #limits: LogLimits
  #parts: Part[] = []
  /** The first part that was not taken as a whole. */
  #cursor = 0
  /** Bytes not taken. */
  #untaken = 0
  #slab: Slab | undefined
  /** `slab.memory[from, slab.end)` holds messages that are no part yet. */
  #from = 0
  #unsealed = 0
  #encoding = false

  constructor(codec: Encoder<Out>, limits: LogLimits) {
    this.#codec = codec
    this.#limits = limits
  }

  /** Bytes that were never taken, or have to be taken again. */
  get untakenBytes(): number {
    return this.#untaken
  }

  /**
   * Encode a message; returns its size.
   *
   * @throws IpcError `IPC_MESSAGE_TOO_LARGE`, and what the codec throws. Nothing has changed then.
   */
  add(message: Out): number {
    // A getter of the message that sends would write into the middle of it.
    if (this.#encoding) throw new TypeError('send was called from within the encoding of another message')
    this.#encoding = true
    const before = this.bytes
    try {
      return this.#encode(message)
    } finally {
      this.#encoding = false
      this.#untaken += this.bytes - before
    }
  }

  /** Take what `credit` allows, in order, and about `mostBytes`: a message may begin while there is any credit left. */
  take(credit: number, mostBytes: number): Outgoing | undefined {
    this.#seal()
    const out: Outgoing = { pieces: [], bytes: 0, messages: 0, cost: 0 }
    while (this.#cursor < this.#parts.length && out.bytes < mostBytes) {
      const part = this.#parts[this.#cursor] as Part
      if (part.taken === 0) {
        if (out.cost >= credit) break
        if (part.messages > 1 && part.cost > credit - out.cost) this.#split(this.#cursor, credit - out.cost)
        out.cost += part.cost
      }
      this.#takePieces(part, out, mostBytes)
      if (part.taken < part.pieces.length) break
      out.messages += part.messages
      this.taken += part.messages
      this.#cursor++
    }
    this.#untaken -= out.bytes
    return out.bytes === 0 ? undefined : out
  }

  /** The peer has so many of all messages ever sent, no more than were taken: let them go. */
  acknowledge(count: number): void {
    let left = count - this.acknowledged
    let done = 0
    while (left > 0) {
      const part = this.#parts[done]
      if (part === undefined) break
      if (part.messages > left) this.#splitAfter(done, left)
      left -= part.messages
      this.#release(part)
      done++
    }
    if (done === 0) return
    this.#parts.splice(0, done)
    this.#cursor = Math.max(0, this.#cursor - done)
  }

  /** What was taken and not acknowledged has to be taken again. */
  rewind(): void {
    for (let index = 0; index < this.#parts.length && index <= this.#cursor; index++) {
      const part = this.#parts[index] as Part
      this.#untaken += takenBytes(part)
      part.taken = 0
    }
    this.#cursor = 0
    this.taken = this.acknowledged
  }

  /** Let everything go. */
  clear(): void {
    for (const part of this.#parts) if (part.slab !== undefined && part.slab !== this.#slab) part.slab.parts--
    this.#parts = []
    this.#slab = undefined
    this.#unsealed = 0
    this.#cursor = 0
  }

  #encode(message: Out): number {
    const { maxFrameBytes, maxMessageBytes } = this.#limits
    const known = this.#codec.sizeOf?.(message)
    if (known !== undefined && known > maxMessageBytes) throw this.#tooLarge(known)
    const size = this.#encodeInSlab(message, known, Math.min(maxFrameBytes, maxMessageBytes))
    if (size > maxMessageBytes) throw this.#tooLarge(size)
    if (size >= 0 && size <= maxFrameBytes) return size
    return this.#addAlone(this.#encodeAlone(message, known))
  }

  /** Returns the size; -1 when a slab does not hold it. Above `maxBytes` nothing was added. */
  #encodeInSlab(message: Out, known: number | undefined, maxBytes: number): number {
    if (known !== undefined && (known > maxBytes || known > SLAB_BYTES - HEADER_BYTES)) return -1
    const isFresh = this.#slab === undefined
    const length = this.#encodeAt(this.#openSlab(), message, maxBytes)
    if (length >= 0 || isFresh) return length
    this.#closeSlab()
    return this.#encodeAt(this.#openSlab(), message, maxBytes)
  }

  #encodeAt(slab: Slab, message: Out, maxBytes: number): number {
    const body = slab.end + HEADER_BYTES
    if (body > SLAB_BYTES) return -1
    const end = this.#codec.encode(message, slab.memory, body)
    if (end < 0) return -1
    const length = end - body
    if (length > maxBytes) return length
    // The length is known only now: the header comes before, and is written after.
    writeHeader(slab.memory, slab.end, length, FRAME.data, WHOLE)
    slab.end = end
    this.#unsealed++
    this.messages++
    this.bytes += HEADER_BYTES + length
    return length
  }

  /** Encode into memory of its own, behind room for a header. */
  #encodeAlone(message: Out, known: number | undefined): Buffer {
    const { maxMessageBytes } = this.#limits
    for (let capacity = known ?? 2 * SLAB_BYTES; ; capacity *= 4) {
      const target = Buffer.allocUnsafeSlow(HEADER_BYTES + Math.min(capacity, maxMessageBytes))
      const end = this.#codec.encode(message, target, HEADER_BYTES)
      if (end >= 0) return target.subarray(0, end)
      if (capacity >= maxMessageBytes) throw this.#tooLarge(undefined)
    }
  }

  #addAlone(frame: Buffer): number {
    this.#seal()
    const { maxFrameBytes } = this.#limits
    const length = frame.length - HEADER_BYTES
    let pieces = [frame]
    if (length <= maxFrameBytes) writeHeader(frame, 0, length, FRAME.data, WHOLE)
    else pieces = fragment(frame.subarray(HEADER_BYTES), maxFrameBytes)
    const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0)
    this.#parts.push({
      pieces,
      bytes,
      messages: 1,
      cost: length + MESSAGE_COST_BYTES,
      slab: undefined,
      taken: 0,
    })
    this.messages++
    this.bytes += bytes
    return length
  }

  #openSlab(): Slab {
    this.#slab ??= new Slab()
    return this.#slab
  }

  /** The next message goes into another slab; this one is freed with the last part in it. */
  #closeSlab(): void {
    this.#seal()
    const slab = this.#slab
    this.#slab = undefined
    this.#from = 0
    if (slab?.parts === 0) slab.free()
  }

  /** Make a part of what was encoded since the last one. */
  #seal(): void {
    const slab = this.#slab
    if (slab === undefined || this.#unsealed === 0) return
    const bytes = slab.end - this.#from
    const messages = this.#unsealed
    const cost = bytes + messages * (MESSAGE_COST_BYTES - HEADER_BYTES)
    const pieces = [slab.memory.subarray(this.#from, slab.end)]
    this.#parts.push({ pieces, bytes, messages, cost, slab, taken: 0 })
    slab.parts++
    this.#from = slab.end
    this.#unsealed = 0
  }

  #takePieces(part: Part, out: Outgoing, mostBytes: number): void {
    const { pieces } = part
    // Header and body of a frame belong together: only behind a frame may another one come.
    const step = Math.min(2, pieces.length)
    while (part.taken < pieces.length && out.bytes < mostBytes) {
      for (let piece = 0; piece < step; piece++) {
        const bytes = pieces[part.taken++] as Buffer
        out.pieces.push(bytes)
        out.bytes += bytes.length
      }
    }
  }

  #release(part: Part): void {
    this.bytes -= part.bytes
    this.messages -= part.messages
    this.acknowledged += part.messages
    const { slab } = part
    if (slab === undefined || --slab.parts > 0) return
    if (slab !== this.#slab) slab.free()
    else if (this.#unsealed === 0) {
      // Nothing lies in it: begin anew, or an idle connection would hold it.
      this.#slab = undefined
      this.#from = 0
      slab.free()
    }
  }

  /** Cut the messages for which there is `credit` off the front of a part that lies in a slab. */
  #split(index: number, credit: number): void {
    const frames = (this.#parts[index] as Part).pieces[0] as Buffer
    let messages = 0
    for (let at = 0, cost = 0; cost < credit; messages++) {
      const length = frames.readUIntLE(at, 3)
      at += HEADER_BYTES + length
      cost += length + MESSAGE_COST_BYTES
    }
    this.#splitAfter(index, messages)
  }

  /** Make two parts of one: the first with so many messages. */
  #splitAfter(index: number, messages: number): void {
    const part = this.#parts[index] as Part
    const frames = part.pieces[0] as Buffer
    let at = 0
    for (let i = 0; i < messages; i++) at += HEADER_BYTES + frames.readUIntLE(at, 3)
    const cost = at + messages * (MESSAGE_COST_BYTES - HEADER_BYTES)
    const rest: Part = {
      pieces: [frames.subarray(at)],
      bytes: part.bytes - at,
      messages: part.messages - messages,
      cost: part.cost - cost,
      slab: part.slab,
      taken: part.taken,
    }
    part.pieces[0] = frames.subarray(0, at)
    part.bytes = at
    part.messages = messages
    part.cost = cost
    if (part.slab !== undefined) part.slab.parts++
    this.#parts.splice(index + 1, 0, rest)
    if (index < this.#cursor) this.#cursor++
  }

  #tooLarge(bytes: number | undefined): IpcError {
    const { maxMessageBytes } = this.#limits
    const what = bytes === undefined ? 'message' : `message of ${bytes} bytes`
    return new IpcError('IPC_MESSAGE_TOO_LARGE', `${what} exceeds maxMessageBytes of ${maxMessageBytes}`, {
      details: { ...(bytes === undefined ? {} : { bytes }), maxMessageBytes },
    })
  }
}

function takenBytes({ pieces, taken }: Part): number {
  let bytes = 0
  for (let piece = 0; piece < taken; piece++) bytes += (pieces[piece] as Buffer).length
  return bytes
}
