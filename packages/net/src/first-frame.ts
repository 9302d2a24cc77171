import { FRAME, HEADER_BYTES } from './frame.js'
import { FrameDecoder } from './frame-decoder.js'
import { MAX_FRAME_BYTES } from './greeting.js'
import type { SocketReader } from './wire.js'
import { WIRE_ERROR, type WireError } from './wire-error.js'

/** What comes of a {@link FirstFrame}. */
export interface FirstFrameInit {
  readonly type: number
  readonly bodyBytes: number
  /** It is there; `source[start, end)` has come in behind it. */
  taken(body: Buffer, source: Uint8Array, start: number, end: number): void
  /** The peer sent ERROR instead. */
  refused(error: WireError): void
  /** The peer sent something else. */
  violation(error: WireError): void
  /** The socket is of no use any more. */
  broke(error: Error | undefined): void
}

/** Reads the one frame that has to come before all others, and holds no more than that. */
export class FirstFrame implements SocketReader {
  readonly #init: FirstFrameInit
  readonly #frame: Buffer
  #length = 0
  #isOver = false
  /** Reads ERROR. */
  #other: FrameDecoder | undefined

  constructor(init: FirstFrameInit) {
    this.#init = init
    this.#frame = Buffer.alloc(HEADER_BYTES + init.bodyBytes)
  }

  bytes(source: Uint8Array, start: number, end: number): void {
    if (this.#isOver) return
    if (this.#other !== undefined) {
      this.#other.push(source, start, end)
      return
    }
    const frame = this.#frame
    let at = start
    while (at < end && this.#length < frame.length) {
      frame[this.#length++] = source[at++]!
      if (this.#length === HEADER_BYTES && !this.#isExpected()) {
        this.#takeOther(source, at, end)
        return
      }
    }
    if (this.#length < frame.length) return
    this.#isOver = true
    this.#init.taken(frame.subarray(HEADER_BYTES), source, at, end)
  }

  fin(): void {
    this.broke(undefined)
  }

  broke(error: Error | undefined): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#init.broke(error)
  }

  #isExpected(): boolean {
    const frame = this.#frame
    const { type, bodyBytes } = this.#init
    return frame.readUIntLE(0, 3) === bodyBytes && frame.readUInt32LE(3) === type && frame[7] === 0
  }

  /** ERROR is the only other one that may come. */
  #takeOther(source: Uint8Array, start: number, end: number): void {
    const type = this.#frame[3] as number
    const foreign = (): void => {
      this.#isOver = true
      const reason = `frame of type ${type} in place of one of type ${this.#init.type}`
      this.#init.violation({ code: WIRE_ERROR.protocol, retryable: false, reason })
    }
    if (type !== FRAME.error) {
      foreign()
      return
    }
    const limits = { maxFrameBytes: MAX_FRAME_BYTES, maxMessageBytes: MAX_FRAME_BYTES }
    this.#other = new FrameDecoder(limits, {
      message: foreign,
      credit: foreign,
      ack: foreign,
      close: foreign,
      violation: foreign,
      error: (error) => {
        this.#isOver = true
        this.#init.refused(error)
      },
    })
    this.#other.push(this.#frame, 0, HEADER_BYTES)
    this.#other.push(source, start, end)
  }
}
