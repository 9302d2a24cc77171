import {
  ACK_BYTES,
  CREDIT_BYTES,
  decodeError,
  ERROR_PREFIX_BYTES,
  FIRST_SKIPPABLE_TYPE,
  FLAG,
  FRAME,
  HEADER_BYTES,
  MAX_REASON_BYTES,
  readCount,
  readCredit,
  readTotal,
  TOTAL_BYTES,
  WHOLE,
} from './frame.js'
import { PartialMessage } from './partial-message.js'
import { WIRE_ERROR, type WireError } from './wire-error.js'

/** What a {@link FrameDecoder} finds. Called in the order of the bytes, from within `push`. */
export interface FrameSink {
  /** A whole message lies in `source[start, end)`, until this returns. */
  message(source: Uint8Array, start: number, end: number): void
  /** The peer takes so much more. */
  credit(bytes: number): void
  /** So many of this side's messages have come in, of all that it has sent in this session. */
  ack(count: number): void
  /** The peer sends no more messages. */
  close(): void
  /** The peer reports why it gives up. Nothing is decoded after it. */
  error(error: WireError): void
  /** The bytes break the protocol. Nothing is decoded after it. */
  violation(error: WireError): void
}

/** What this side takes from its peer. */
export interface DecoderLimits {
  readonly maxFrameBytes: number
  readonly maxMessageBytes: number
}

type Body = 'message' | 'credit' | 'ack' | 'alive' | 'close' | 'error' | 'skipped'

/**
 * Finds messages in a stream of bytes, however it is cut. Whole messages are handed on in place; only what is cut is
 * copied, into memory that grows with what came in, never by what a header claims. Limits are checked at the header.
 */
export class FrameDecoder {
  readonly #sink: FrameSink
  readonly #limits: DecoderLimits
  readonly #wholeLimit: number
  /** Header, and the fixed fields that follow some. */
  readonly #head: Uint8Array = new Uint8Array(HEADER_BYTES + Math.max(TOTAL_BYTES, ACK_BYTES))
  #headLength = 0
  #headWanted = HEADER_BYTES
  #body: Body = 'message'
  #bodyLeft = 0
  /** The frame under way is the last of its message. */
  #completes = false
  readonly #partial = new PartialMessage()
  /** Total length of the message under way, -1 between messages. */
  #total = -1
  #closed = false
  #stopped = false
  /** Nothing is under way: a frame may be taken in place. */
  #between = true

  constructor(limits: DecoderLimits, sink: FrameSink) {
    this.#limits = limits
    this.#sink = sink
    this.#wholeLimit = Math.min(limits.maxFrameBytes, limits.maxMessageBytes)
  }

  /** Memory held for a message that is not complete. */
  get heldBytes(): number {
    return this.#partial.capacity
  }

  /** Decode `source[start, end)`. */
  push(source: Uint8Array, start: number, end: number): void {
    let at = start
    while (at < end && !this.#stopped) {
      if (this.#between) {
        const next = this.#takeWhole(source, at, end)
        if (next !== at) {
          at = next
          continue
        }
      }
      const inHead = this.#headLength < this.#headWanted
      at = inHead ? this.#takeHead(source, at, end) : this.#takeBody(source, at, end)
    }
  }

  /** Decode nothing more, not even the rest of what is being pushed. */
  stop(): void {
    this.#stopped = true
    this.#partial.free()
  }

  /** The hot path: a message in one frame that is all there. Returns `at` when the next frame is anything else. */
  #takeWhole(source: Uint8Array, at: number, end: number): number {
    const body = at + HEADER_BYTES
    if (body > end || source[at + 3] !== FRAME.data || source[at + 4] !== WHOLE) return at
    const length = source[at]! | (source[at + 1]! << 8) | (source[at + 2]! << 16)
    const channel = source[at + 5]! | source[at + 6]! | source[at + 7]!
    if (length > this.#wholeLimit || length > end - body || channel !== 0) return at
    this.#sink.message(source, body, body + length)
    return body + length
  }

  #takeHead(source: Uint8Array, at: number, end: number): number {
    this.#between = false
    const taken = Math.min(end - at, this.#headWanted - this.#headLength)
    for (let i = 0; i < taken; i++) this.#head[this.#headLength + i] = source[at + i]!
    this.#headLength += taken
    if (this.#headLength < this.#headWanted) return at + taken
    const violation = this.#headWanted === HEADER_BYTES ? this.#openFrame() : this.#readFields()
    if (violation !== undefined) {
      this.stop()
      this.#sink.violation(violation)
    } else if (this.#headLength === this.#headWanted && this.#bodyLeft === 0) this.#endFrame()
    return at + taken
  }

  #takeBody(source: Uint8Array, at: number, end: number): number {
    const taken = Math.min(end - at, this.#bodyLeft)
    const next = at + taken
    this.#bodyLeft -= taken
    if (this.#body === 'message' && taken === this.#total) {
      this.#endMessage(source, at, next)
      return next
    }
    if (this.#body !== 'skipped') this.#partial.append(source, at, next, this.#total)
    if (this.#bodyLeft === 0) this.#endFrame()
    return next
  }

  #openFrame(): WireError | undefined {
    const head = this.#head
    const length = head[0]! | (head[1]! << 8) | (head[2]! << 16)
    const type = head[3]!
    const { maxFrameBytes } = this.#limits
    if (length > maxFrameBytes) {
      return broken(`frame of ${length} bytes exceeds ${maxFrameBytes}`, WIRE_ERROR.frameTooLarge)
    }
    this.#bodyLeft = length
    if (type >= FIRST_SKIPPABLE_TYPE) {
      this.#body = 'skipped'
      return undefined
    }
    const channel = head[5]! | (head[6]! << 8) | (head[7]! << 16)
    if (channel !== 0) return broken(`frame on channel ${channel}, only channel 0 is open`)
    if (type === FRAME.data) return this.#openData(length, head[4]!)
    if (head[4] !== 0) return broken(`flags 0x${head[4]!.toString(16)} on a frame of type ${type}`)
    if (type === FRAME.credit) return this.#openFixed('credit', length, CREDIT_BYTES)
    if (type === FRAME.ack) return this.#openFixed('ack', length, ACK_BYTES)
    if (type === FRAME.alive) return this.#openFixed('alive', length, 0)
    if (type === FRAME.close) return this.#openClose(length)
    if (type === FRAME.error) return this.#openError(length)
    return broken(`frame of unknown type ${type}`)
  }

  #openData(length: number, flags: number): WireError | undefined {
    const { maxFrameBytes } = this.#limits
    if (this.#closed) return broken('DATA after CLOSE')
    if ((flags & ~WHOLE) !== 0) return broken(`DATA with unknown flags 0x${flags.toString(16)}`)
    const first = (flags & FLAG.first) !== 0
    const last = (flags & FLAG.last) !== 0
    this.#body = 'message'
    this.#completes = last
    if (first !== this.#total < 0) {
      return broken(first ? 'a message begins before the last one ended' : 'a fragment of no message')
    }
    if (first && last) return this.#openMessage(length)
    if (first) {
      if (length !== maxFrameBytes) return broken(`first fragment of ${length} bytes, not ${maxFrameBytes}`)
      this.#wantFields(TOTAL_BYTES)
      return undefined
    }
    const left = this.#total - this.#partial.length
    if (length === Math.min(left, maxFrameBytes) && last === left <= maxFrameBytes) return undefined
    return broken(`${last ? 'last fragment' : 'fragment'} of ${length} bytes with ${left} bytes to come`)
  }

  #openMessage(total: number): WireError | undefined {
    const { maxMessageBytes } = this.#limits
    if (total > maxMessageBytes) {
      return broken(`message of ${total} bytes exceeds ${maxMessageBytes}`, WIRE_ERROR.messageTooLarge)
    }
    this.#total = total
    return undefined
  }

  #openFixed(body: Body, length: number, wanted: number): WireError | undefined {
    if (length !== wanted) return broken(`${body.toUpperCase()} of ${length} bytes`)
    this.#body = body
    if (wanted > 0) this.#wantFields(wanted)
    return undefined
  }

  #openClose(length: number): WireError | undefined {
    if (length !== 0) return broken(`CLOSE of ${length} bytes`)
    if (this.#closed) return broken('CLOSE after CLOSE')
    if (this.#total >= 0) return broken('CLOSE within a message')
    this.#closed = true
    this.#body = 'close'
    return undefined
  }

  #openError(length: number): WireError | undefined {
    if (length < ERROR_PREFIX_BYTES || length > ERROR_PREFIX_BYTES + MAX_REASON_BYTES) {
      return broken(`ERROR of ${length} bytes`)
    }
    // Nothing follows an ERROR, so a message that is not complete never will be.
    this.#partial.clear()
    this.#total = length
    this.#body = 'error'
    return undefined
  }

  /** The body begins with fields that are collected behind the header. */
  #wantFields(bytes: number): void {
    this.#headWanted = HEADER_BYTES + bytes
    this.#bodyLeft -= bytes
  }

  #readFields(): WireError | undefined {
    if (this.#body === 'credit' || this.#body === 'ack') return undefined
    const total = readTotal(this.#head, HEADER_BYTES)
    if (total <= this.#limits.maxFrameBytes) return broken(`message of ${total} bytes cut without need`)
    return this.#openMessage(total)
  }

  #endFrame(): void {
    const body = this.#body
    const partial = this.#partial
    if (body === 'message' && this.#completes) {
      this.#endMessage(partial.bytes, 0, partial.length)
      return
    }
    const credit = body === 'credit' ? readCredit(this.#head, HEADER_BYTES) : 0
    const count = body === 'ack' ? readCount(this.#head, HEADER_BYTES) : 0
    const error = body === 'error' ? decodeError(partial.bytes.subarray(0, partial.length)) : undefined
    this.#nextFrame()
    if (body === 'credit') this.#sink.credit(credit)
    else if (body === 'ack') this.#sink.ack(count)
    else if (body === 'close') this.#sink.close()
    else if (error !== undefined) {
      this.stop()
      this.#sink.error(error)
    }
  }

  #endMessage(source: Uint8Array, start: number, end: number): void {
    this.#total = -1
    this.#nextFrame()
    this.#sink.message(source, start, end)
    this.#partial.clear()
  }

  #nextFrame(): void {
    this.#headLength = 0
    this.#headWanted = HEADER_BYTES
    this.#between = this.#total < 0 && !this.#closed
  }
}

function broken(reason: string, code: number = WIRE_ERROR.protocol): WireError {
  return { code, retryable: false, reason }
}
