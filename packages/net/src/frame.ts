import type { WireError } from './wire-error.js'

/** Size of a frame's header: `u24 length | u8 type | u8 flags | u24 channel`, little-endian. */
export const HEADER_BYTES = 8
/** Size of the total length with which the first of several fragments begins. */
export const TOTAL_BYTES = 6
/** Size of the body of CREDIT. */
export const CREDIT_BYTES = 4
/** Size of the body of ACK. */
export const ACK_BYTES = 8
/** Most bytes of reason in an ERROR frame. */
export const MAX_REASON_BYTES = 256
/** Size of an ERROR body without its reason. */
export const ERROR_PREFIX_BYTES = 3

/** Frame types of version 1. */
export const FRAME = {
  data: 0x01,
  ack: 0x02,
  credit: 0x03,
  alive: 0x04,
  close: 0x07,
  error: 0x09,
  resume: 0x10,
  resumed: 0x11,
} as const
/** Types from here on are skipped by who does not know them; below, they end the connection. */
export const FIRST_SKIPPABLE_TYPE = 0x80

/** Flags of DATA. */
export const FLAG = { first: 1, last: 2 } as const
/** A message in one frame. */
export const WHOLE: number = FLAG.first | FLAG.last

/** Write the header of a frame on channel 0. */
export function writeHeader(
  target: Uint8Array,
  at: number,
  length: number,
  type: number,
  flags: number,
): void {
  target[at] = length
  target[at + 1] = length >>> 8
  target[at + 2] = length >>> 16
  target[at + 3] = type
  target[at + 4] = flags
  target[at + 5] = 0
  target[at + 6] = 0
  target[at + 7] = 0
}

/** Write a message's total length as u48. */
function writeTotal(target: Uint8Array, at: number, total: number): void {
  for (let i = 0, rest = total; i < TOTAL_BYTES; i++, rest = Math.floor(rest / 256))
    target[at + i] = rest % 256
}

/** Read a u48. */
export function readTotal(source: Uint8Array, at: number): number {
  let total = 0
  for (let i = TOTAL_BYTES - 1; i >= 0; i--) total = total * 256 + source[at + i]!
  return total
}

/** What a message takes of the receiver's credit beside its own bytes, so that empty ones are bounded too. */
export const MESSAGE_COST_BYTES = 64
/** The most that one CREDIT frame grants. */
export const MAX_CREDIT: number = 2 ** 32 - 1

/** A CREDIT frame: the receiver takes `bytes` more, at most {@link MAX_CREDIT}. */
export function encodeCredit(bytes: number): Buffer {
  const frame = Buffer.alloc(HEADER_BYTES + CREDIT_BYTES)
  writeHeader(frame, 0, CREDIT_BYTES, FRAME.credit, 0)
  frame.writeUInt32LE(bytes, HEADER_BYTES)
  return frame
}

/** Read the body of CREDIT. */
export function readCredit(source: Uint8Array, at: number): number {
  return (source[at]! | (source[at + 1]! << 8) | (source[at + 2]! << 16) | (source[at + 3]! << 24)) >>> 0
}

/** An ACK frame: so many messages of this session have come in. */
export function encodeAck(count: number): Buffer {
  const frame = Buffer.alloc(HEADER_BYTES + ACK_BYTES)
  writeHeader(frame, 0, ACK_BYTES, FRAME.ack, 0)
  writeCount(frame, HEADER_BYTES, count)
  return frame
}

/** A u64 that is a safe integer. */
export function writeCount(target: Buffer, at: number, count: number): void {
  target.writeUInt32LE(count % 2 ** 32, at)
  target.writeUInt32LE(Math.floor(count / 2 ** 32), at + 4)
}

/** Read a u64. Above 2^53 it is not exact, and more than anybody has sent. */
export function readCount(source: Uint8Array, at: number): number {
  return readCredit(source, at) + readCredit(source, at + 4) * 2 ** 32
}

/** The ALIVE frame: nothing else was to be said. */
export function encodeAlive(): Buffer {
  return emptyFrame(FRAME.alive)
}

/** The CLOSE frame: no more DATA from this side. */
export function encodeClose(): Buffer {
  return emptyFrame(FRAME.close)
}

function emptyFrame(type: number): Buffer {
  const frame = Buffer.alloc(HEADER_BYTES)
  writeHeader(frame, 0, 0, type, 0)
  return frame
}

/** An ERROR frame, its reason cut to {@link MAX_REASON_BYTES}. */
export function encodeError({ code, retryable, reason }: WireError): Buffer {
  const frame = Buffer.alloc(HEADER_BYTES + ERROR_PREFIX_BYTES + MAX_REASON_BYTES)
  // `encodeInto` stops before a character that does not fit whole.
  const { written } = new TextEncoder().encodeInto(reason, frame.subarray(HEADER_BYTES + ERROR_PREFIX_BYTES))
  const length = ERROR_PREFIX_BYTES + written
  writeHeader(frame, 0, length, FRAME.error, 0)
  frame.writeUInt16LE(code, HEADER_BYTES)
  frame[HEADER_BYTES + 2] = retryable ? 1 : 0
  return frame.subarray(0, HEADER_BYTES + length)
}

/** Read the body of an ERROR frame, at least {@link ERROR_PREFIX_BYTES} long. */
export function decodeError(body: Uint8Array): WireError {
  const code = body[0]! | (body[1]! << 8)
  const reason = new TextDecoder().decode(body.subarray(ERROR_PREFIX_BYTES))
  // The peer's words end up in messages and logs: no line of them may pose as something else.
  return { code, retryable: (body[2]! & 1) === 1, reason: reason.replace(/\p{Cc}/gu, ' ') }
}

/** Cut an encoded message of `payload.length` > `maxFrameBytes` into frames: the pieces to write, in order. */
export function fragment(payload: Buffer, maxFrameBytes: number): Buffer[] {
  const total = payload.length
  const pieces: Buffer[] = []
  const first = Buffer.alloc(HEADER_BYTES + TOTAL_BYTES)
  writeHeader(first, 0, maxFrameBytes, FRAME.data, FLAG.first)
  writeTotal(first, HEADER_BYTES, total)
  let at = maxFrameBytes - TOTAL_BYTES
  pieces.push(first, payload.subarray(0, at))
  while (at < total) {
    const length = Math.min(maxFrameBytes, total - at)
    const header = Buffer.alloc(HEADER_BYTES)
    writeHeader(header, 0, length, FRAME.data, at + length === total ? FLAG.last : 0)
    pieces.push(header, payload.subarray(at, at + length))
    at += length
  }
  return pieces
}
