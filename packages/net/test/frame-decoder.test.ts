import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  encodeAck,
  encodeAlive,
  encodeClose,
  encodeCredit,
  encodeError,
  FRAME,
  fragment,
  HEADER_BYTES,
  WHOLE,
  writeHeader,
} from '../src/frame.js'
import { type DecoderLimits, FrameDecoder } from '../src/frame-decoder.js'
import { WIRE_ERROR, type WireError } from '../src/wire-error.js'
import { frameVectors as vectors } from './fixtures/vectors.js'

type Found =
  | { readonly message: string }
  | { readonly credit: number }
  | { readonly ack: number }
  | { readonly close: true }
  | { readonly error: WireError }
  | { readonly violation: WireError }

const LIMITS: DecoderLimits = { maxFrameBytes: 16, maxMessageBytes: 64 }

/** A decoder, and what it found so far. */
function recorder(limits: DecoderLimits = LIMITS): { decoder: FrameDecoder; found: Found[] } {
  const found: Found[] = []
  const decoder = new FrameDecoder(limits, {
    message: (source, start, end) => {
      found.push({ message: Buffer.from(source.subarray(start, end)).toString('hex') })
    },
    credit: (bytes) => found.push({ credit: bytes }),
    ack: (count) => found.push({ ack: count }),
    close: () => found.push({ close: true }),
    error: (error) => found.push({ error }),
    violation: (violation) => found.push({ violation }),
  })
  return { decoder, found }
}

function decode(bytes: Uint8Array, limits?: DecoderLimits): Found[] {
  const { decoder, found } = recorder(limits)
  decoder.push(bytes, 0, bytes.length)
  return found
}

/** The frames of a message, for a peer that takes `maxFrameBytes`. */
function encode(payload: Uint8Array, maxFrameBytes = LIMITS.maxFrameBytes): Buffer {
  if (payload.length > maxFrameBytes) return Buffer.concat(fragment(Buffer.from(payload), maxFrameBytes))
  const frame = Buffer.concat([Buffer.alloc(HEADER_BYTES), payload])
  writeHeader(frame, 0, payload.length, FRAME.data, WHOLE)
  return frame
}

function header(length: number, type: number, flags: number, channel = 0): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES)
  bytes.writeUIntLE(length, 0, 3)
  bytes[3] = type
  bytes[4] = flags
  bytes.writeUIntLE(channel, 5, 3)
  return bytes
}

const hex = (text: string): Buffer => Buffer.from(text, 'hex')

describe('frame vectors', () => {
  test.each(vectors.messages)('$name has the bytes of the vector', ({ payload, hex: bytes }) => {
    expect(encode(hex(payload), vectors.maxFrameBytes).toString('hex')).toBe(bytes)
    expect(decode(hex(bytes))).toEqual([{ message: payload }])
  })

  test.each(vectors.credits)('CREDIT of $bytes has the bytes of the vector', ({ bytes, hex: frame }) => {
    expect(encodeCredit(bytes).toString('hex')).toBe(frame)
    expect(decode(hex(frame))).toEqual([{ credit: bytes }])
  })

  test('CLOSE has the bytes of the vector', () => {
    expect(encodeClose().toString('hex')).toBe(vectors.close)
    expect(decode(hex(vectors.close))).toEqual([{ close: true }])
  })

  test.each(vectors.acks)('ACK of $count has the bytes of the vector', ({ count, hex: frame }) => {
    expect(encodeAck(count).toString('hex')).toBe(frame)
    expect(decode(hex(frame))).toEqual([{ ack: count }])
  })

  test('ALIVE has the bytes of the vector, and says nothing', () => {
    expect(encodeAlive().toString('hex')).toBe(vectors.alive)
    expect(decode(hex(vectors.alive + vectors.close))).toEqual([{ close: true }])
  })

  test.each(vectors.errors)('ERROR with $name has the bytes of the vector', ({ error, hex: frame }) => {
    expect(encodeError(error).toString('hex')).toBe(frame)
    expect(decode(hex(frame), { maxFrameBytes: 4096, maxMessageBytes: 1 })).toEqual([{ error }])
  })

  test.each(vectors.skipped)('frame %s of an unknown type is skipped', (frame) => {
    expect(decode(hex(frame + vectors.close))).toEqual([{ close: true }])
  })

  test('a reason is cut to 256 bytes at a whole character, and its control characters do not survive', () => {
    const frame = encodeError({ code: 1, retryable: false, reason: `${'x'.repeat(255)}é` })
    expect(frame.length).toBe(HEADER_BYTES + 3 + 255)
    const tricky = encodeError({ code: 1, retryable: false, reason: 'one\ntwo\u001b[2J' })
    expect(decode(tricky, { maxFrameBytes: 4096, maxMessageBytes: 1 })).toEqual([
      { error: { code: 1, retryable: false, reason: 'one two [2J' } },
    ])
  })
})

describe('FrameDecoder', () => {
  const frames = fc.array(
    fc.oneof(
      fc.uint8Array({ maxLength: 64 }).map((payload) => ({
        bytes: encode(payload),
        found: { message: Buffer.from(payload).toString('hex') } as Found | undefined,
      })),
      fc.integer({ min: 1, max: 2 ** 32 - 1 }).map((credit) => ({
        bytes: encodeCredit(credit),
        found: { credit } as Found | undefined,
      })),
      fc
        .tuple(fc.integer({ min: 0x80, max: 0xff }), fc.uint8Array({ maxLength: 16 }))
        .map(([type, body]) => ({
          bytes: Buffer.concat([header(body.length, type, type, type), body]),
          found: undefined as Found | undefined,
        })),
    ),
    { maxLength: 30 },
  )

  test('finds the same however the bytes are cut', () => {
    fc.assert(
      fc.property(frames, fc.infiniteStream(fc.integer({ min: 1, max: 40 })), (sent, sizes) => {
        const stream = Buffer.concat([...sent.map(({ bytes }) => bytes), encodeClose()])
        const { decoder, found } = recorder()
        for (let at = 0; at < stream.length; ) {
          const end = Math.min(stream.length, at + sizes.next().value)
          // As a socket does: each chunk somewhere in memory that is overwritten afterwards.
          const memory = Buffer.alloc(end - at + 5, 0xee)
          stream.copy(memory, 3, at, end)
          decoder.push(memory, 3, 3 + end - at)
          memory.fill(0xee)
          at = end
        }
        const expected = sent.flatMap(({ found: one }) => one ?? [])
        expect(found).toEqual([...expected, { close: true }])
      }),
      { numRuns: 500 },
    )
  })

  test('one byte at a time through a message of the largest size', () => {
    const limits = { maxFrameBytes: 65_536, maxMessageBytes: 1_000_000 }
    const payload = Buffer.alloc(limits.maxMessageBytes, 'abcdefg')
    const stream = encode(payload, limits.maxFrameBytes)
    const { decoder, found } = recorder(limits)
    for (let i = 0; i < stream.length; i++) decoder.push(stream, i, i + 1)
    expect(found).toEqual([{ message: payload.toString('hex') }])
  })

  test('control frames may come between the fragments of a message', () => {
    const payload = Buffer.alloc(40, 7)
    const pieces = fragment(payload, 16)
    const stream = Buffer.concat([
      ...pieces.slice(0, 2),
      encodeCredit(5),
      ...pieces.slice(2, 4),
      header(3, 0x99, 1),
      Buffer.alloc(3),
      ...pieces.slice(4),
    ])
    expect(decode(stream)).toEqual([{ credit: 5 }, { message: payload.toString('hex') }])
  })

  test('ERROR ends a message that is not complete', () => {
    const [first, piece] = fragment(Buffer.alloc(40), 16) as [Buffer, Buffer]
    const error = encodeError({ code: 24, retryable: false, reason: 'enough' })
    expect(decode(Buffer.concat([first, piece, error, encode(Buffer.alloc(1))]))).toEqual([
      { error: { code: 24, retryable: false, reason: 'enough' } },
    ])
  })

  test.each<[string, Buffer, number]>([
    ['a frame above the limit', header(17, FRAME.data, WHOLE), WIRE_ERROR.frameTooLarge],
    ['a huge declared length', header(0xff_ffff, FRAME.data, WHOLE), WIRE_ERROR.frameTooLarge],
    ['a huge frame to skip', header(0xff_ffff, 0x80, 0), WIRE_ERROR.frameTooLarge],
    ['a message above the limit', header(16, FRAME.data, 1 + 0), WIRE_ERROR.messageTooLarge],
    ['unknown flags of DATA', header(1, FRAME.data, 7), WIRE_ERROR.protocol],
    ['another channel', header(1, FRAME.data, WHOLE, 1), WIRE_ERROR.protocol],
    ['a fragment of no message', header(16, FRAME.data, 0), WIRE_ERROR.protocol],
    ['a last fragment of no message', header(4, FRAME.data, 2), WIRE_ERROR.protocol],
    ['a first fragment that is not full', header(15, FRAME.data, 1), WIRE_ERROR.protocol],
    ['CLOSE with a body', header(1, FRAME.close, 0), WIRE_ERROR.protocol],
    ['CLOSE with flags', header(0, FRAME.close, 1), WIRE_ERROR.protocol],
    ['CLOSE twice', Buffer.concat([encodeClose(), encodeClose()]), WIRE_ERROR.protocol],
    ['DATA after CLOSE', Buffer.concat([encodeClose(), encode(Buffer.alloc(1))]), WIRE_ERROR.protocol],
    ['CREDIT of a wrong size', header(5, FRAME.credit, 0), WIRE_ERROR.protocol],
    ['ERROR too short', header(2, FRAME.error, 0), WIRE_ERROR.protocol],
    ['an unknown type below 40', header(0, 0x02, 0), WIRE_ERROR.protocol],
    ['an unknown type from 40 on', header(0, 0x40, 0), WIRE_ERROR.protocol],
    ['the last type that is not skipped', header(0, 0x7f, 0), WIRE_ERROR.protocol],
    ['type 0', header(0, 0, 0), WIRE_ERROR.protocol],
  ])('%s is a violation, seen at the header', (name, bytes, code) => {
    const total = name === 'a message above the limit' ? hex('410000000000') : Buffer.alloc(0)
    const { decoder, found } = recorder()
    for (const byte of Buffer.concat([bytes, total])) decoder.push(Uint8Array.of(byte), 0, 1)
    const violation = found.at(-1) as { violation: WireError }
    expect(violation.violation.code).toBe(code)
    const before = found.length
    const more = encode(Buffer.alloc(3))
    decoder.push(more, 0, more.length)
    expect(found.length).toBe(before)
  })

  test('an ERROR above the largest size is a violation', () => {
    const limits = { maxFrameBytes: 4096, maxMessageBytes: 4096 }
    expect(decode(header(260, FRAME.error, 0), limits)).toMatchObject([{ violation: { code: 1 } }])
  })

  test.each([
    ['a message within a message', (pieces: Buffer[]) => [...pieces.slice(0, 2), encode(Buffer.alloc(1))]],
    ['a first fragment within a message', (pieces: Buffer[]) => [...pieces.slice(0, 2), ...pieces]],
    ['CLOSE within a message', (pieces: Buffer[]) => [...pieces.slice(0, 2), encodeClose()]],
    [
      'a fragment that is too short',
      (pieces: Buffer[]) => [...pieces.slice(0, 2), header(15, FRAME.data, 0), Buffer.alloc(15)],
    ],
    [
      'a last fragment that comes too early',
      (pieces: Buffer[]) => [...pieces.slice(0, 2), header(16, FRAME.data, 2), Buffer.alloc(16)],
    ],
    [
      'a last fragment that is not marked',
      (pieces: Buffer[]) => [...pieces.slice(0, 4), header(14, FRAME.data, 0), Buffer.alloc(14)],
    ],
    [
      'a message cut without need',
      () => [header(16, FRAME.data, 1), hex('100000000000'), Buffer.alloc(10), header(6, FRAME.data, 2)],
    ],
  ])('%s is a violation', (_name, stream) => {
    const found = decode(Buffer.concat(stream(fragment(Buffer.alloc(40), 16))))
    expect(found).toMatchObject([{ violation: { code: WIRE_ERROR.protocol } }])
  })

  test('holds memory for what came in, never for what was declared', () => {
    const limits = { maxFrameBytes: 2 ** 20, maxMessageBytes: 2 ** 31 - 1 }
    const { decoder, found } = recorder(limits)
    const first = Buffer.concat([header(2 ** 20, FRAME.data, 1), hex('ffffff7f0000')])
    decoder.push(first, 0, first.length)
    expect(decoder.heldBytes).toBe(0)
    const chunk = Buffer.alloc(1000)
    for (let received = 0; received < 900_000; received += chunk.length) {
      decoder.push(chunk, 0, chunk.length)
      expect(decoder.heldBytes).toBeLessThanOrEqual(Math.max(4096, 2 * (received + chunk.length)))
    }
    expect(found).toEqual([])
    decoder.stop()
    expect(decoder.heldBytes).toBe(0)
  })

  test('a large message leaves no large memory behind', () => {
    const limits = { maxFrameBytes: 65_536, maxMessageBytes: 2 ** 24 }
    const { decoder } = recorder(limits)
    const stream = encode(Buffer.alloc(4_000_000), limits.maxFrameBytes)
    decoder.push(stream, 0, stream.length)
    expect(decoder.heldBytes).toBeLessThanOrEqual(262_144)
  })

  test('random bytes never throw, and nothing follows a violation', () => {
    const anything = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 30 }),
        fc
          .tuple(
            fc.integer({ min: 0, max: 20 }),
            fc.constantFrom(0, 1, 2, 3, 7, 9, 0x40, 0x80),
            fc.integer({ min: 0, max: 4 }),
          )
          .map(([length, type, flags]) => header(length, type, flags)),
        fc.uint8Array({ maxLength: 64 }).map((payload) => encode(payload)),
      ),
      { maxLength: 20 },
    )
    fc.assert(
      fc.property(anything, (chunks) => {
        const { decoder, found } = recorder()
        for (const chunk of chunks) {
          decoder.push(chunk, 0, chunk.length)
          expect(decoder.heldBytes).toBeLessThanOrEqual(4096)
        }
        const end = found.findIndex((one) => 'violation' in one || 'error' in one)
        if (end >= 0) expect(found.length).toBe(end + 1)
      }),
      { numRuns: 2000 },
    )
  })
})
