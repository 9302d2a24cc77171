import type { Socket } from 'node:net'
import { resolveLimits } from '@ipc/core/internal'
import { FirstFrame } from '../../src/first-frame.js'
import { FRAME } from '../../src/frame.js'
import { FrameDecoder } from '../../src/frame-decoder.js'
import { encodeGreeting, makeGreeting } from '../../src/greeting.js'
import { Handshake } from '../../src/handshake.js'
import {
  idOfResume,
  RESUME_BYTES,
  RESUMED_BYTES,
  readResume,
  readResumed,
  sessionSecrets,
} from '../../src/session.js'
import type { Wire } from '../../src/wire.js'
import { Violation } from './conversation.js'
import { faultOf, read } from './reference.js'

const DECODER_LIMITS = { maxFrameBytes: 16, maxMessageBytes: 48 }
const LIMITS = resolveLimits({})
const TERMS = { mechanism: 0, flags: 1, silenceMs: 1000 } as const
const GREETINGS = {
  dialer: encodeGreeting(makeGreeting('dialer', 'bytes', LIMITS, TERMS)),
  acceptor: encodeGreeting(makeGreeting('acceptor', 'bytes', LIMITS, TERMS)),
}
const SECRETS = sessionSecrets(GREETINGS, {} as Socket)

/** The first byte says how the rest is cut. */
function* pieces(input: Uint8Array, from: number): Generator<[start: number, end: number]> {
  const size = input[0] === 0 ? input.length : 1 + ((input[0] ?? 0) % 40)
  for (let at = from; at < input.length; at += size) yield [at, Math.min(at + size, input.length)]
}

/** The frame decoder finds what the reference finds, however the bytes are cut. */
export function decode(input: Uint8Array): void {
  const messages: Buffer[] = []
  let ends = 0
  let hasClosed = false
  const decoder = new FrameDecoder(DECODER_LIMITS, {
    message: (source, start, end) => {
      if (ends > 0) throw new Violation('a message behind the end')
      messages.push(Buffer.from(source.subarray(start, end)))
    },
    credit() {},
    ack() {},
    close() {
      hasClosed = true
    },
    error: () => ends++,
    violation: () => ends++,
  })
  for (const [start, end] of pieces(input, 1)) decoder.push(input, start, end)
  if (ends > 1) throw new Violation(`${ends} ends`)
  if (decoder.heldBytes > 2 * 4096) throw new Violation(`holds ${decoder.heldBytes} bytes`)
  const expected = read(
    Buffer.from(input.subarray(1)),
    0,
    DECODER_LIMITS.maxFrameBytes,
    DECODER_LIMITS.maxMessageBytes,
  )
  const same =
    messages.length === expected.messages.length &&
    messages.every((one, i) => one.equals(expected.messages[i]!))
  if (!same) throw new Violation(`${messages.length} messages in place of ${expected.messages.length}`)
  if (hasClosed !== expected.hasClosed) throw new Violation(`closed: ${hasClosed}`)
  // An ERROR ends only when it is whole.
  if (ends === 1 && expected.wrong === undefined) throw new Violation('an end without a reason')
  if (ends === 0 && expected.wrong !== undefined && expected.wrong !== 'ERROR')
    throw new Violation(expected.wrong)
}

/** A socket of which only what is written matters. */
function stubWire(written: Buffer[]): Wire {
  const socket = {
    destroyed: false,
    write: (bytes: Buffer) => written.push(Buffer.from(bytes)),
    end: (bytes: Buffer) => written.push(Buffer.from(bytes)),
    destroy() {
      socket.destroyed = true
    },
    resume() {},
    unref() {},
    once() {},
  }
  return { socket: socket as never, reader: { bytes() {}, fin() {}, broke() {} } }
}

/** Of a greeting comes one connection, or one refusal; a listener says nothing to who does not speak the protocol. */
export function greet(input: Uint8Array): void {
  const role = ((input[1] ?? 0) & 1) === 0 ? 'acceptor' : 'dialer'
  const written: Buffer[] = []
  let [greeted, failed] = [0, 0]
  const handshake = new Handshake({
    role,
    address: 'tcp://192.0.2.1:4000',
    codecName: 'bytes',
    limits: LIMITS,
    terms: TERMS,
    timeoutMs: 1000,
    greeted: () => {
      greeted++
      handshake.wire.reader = { bytes() {}, fin() {}, broke() {} }
      return undefined
    },
    failed: (error) => {
      failed++
      if (error.code === undefined) throw new Violation('a failure without a code')
    },
  })
  const wire = stubWire(written)
  wire.reader = handshake
  handshake.wire = wire
  for (const [start, end] of pieces(input, 2)) wire.reader.bytes(input, start, end)
  wire.reader.fin()
  if (greeted + failed !== 1) throw new Violation(`${greeted} greetings and ${failed} failures`)
  const isStrange = input[2] !== 0x89 || input[3] !== 0x49
  if (role === 'acceptor' && isStrange && written.length > 0) throw new Violation('an answer for a stranger')
  const fault = faultOf(Buffer.concat(written), { credit: 0, maxFrame: 4096, maxMessage: 0 })
  if (fault !== undefined) throw new Violation(`answered ${fault}`)
}

/** The frame of a session that goes on is taken once, or refused once, and proves nothing unless it is the right one. */
export function resume(input: Uint8Array): void {
  const isDialer = ((input[1] ?? 0) & 1) === 1
  const [type, bodyBytes] = isDialer ? [FRAME.resumed, RESUMED_BYTES] : [FRAME.resume, RESUME_BYTES]
  let ends = 0
  const reader = new FirstFrame({
    type,
    bodyBytes,
    taken(body) {
      ends++
      if (body.length !== bodyBytes) throw new Violation(`a body of ${body.length} bytes`)
      if (!isDialer) idOfResume(body)
      const state = isDialer ? readResumed(SECRETS, GREETINGS, body) : readResume(SECRETS, GREETINGS, body)
      if (state !== undefined) throw new Violation('a proof that is none')
    },
    refused: () => ends++,
    violation: () => ends++,
    broke: () => ends++,
  })
  for (const [start, end] of pieces(input, 2)) reader.bytes(input, start, end)
  reader.fin()
  if (ends !== 1) throw new Violation(`${ends} ends`)
}
