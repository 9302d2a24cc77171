import { bytes, isIpcError } from '@ipc/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HEADER_BYTES, MESSAGE_COST_BYTES } from '../src/frame.js'
import { FrameDecoder } from '../src/frame-decoder.js'
import { type Outgoing, SendLog } from '../src/send-log.js'

const LIMITS = { maxFrameBytes: 4096, maxMessageBytes: 20_000 }

/** Reads what is taken, as the peer does: a decoder for each socket, and messages numbered in their first bytes. */
class Reader {
  readonly messages: Uint8Array[] = []
  #decoder = this.#fresh()

  push(outgoing: Outgoing | undefined): void {
    for (const piece of outgoing?.pieces ?? []) this.#decoder.push(piece, 0, piece.length)
  }

  /** Another socket: what was not complete is gone. */
  reconnect(): void {
    this.#decoder = this.#fresh()
  }

  #fresh(): FrameDecoder {
    const unexpected = (): never => {
      throw new Error('only messages were to come')
    }
    return new FrameDecoder(LIMITS, {
      message: (source, start, end) => this.messages.push(Uint8Array.from(source.subarray(start, end))),
      credit: unexpected,
      ack: unexpected,
      close: unexpected,
      error: unexpected,
      violation: ({ reason }) => {
        throw new Error(reason)
      },
    })
  }
}

const command = fc.oneof(
  { weight: 4, arbitrary: fc.record({ op: fc.constant('add' as const), size: fc.nat(600) }) },
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constant('add' as const), size: fc.integer({ min: 3000, max: 20_000 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constant('take' as const),
      credit: fc.nat(9000),
      most: fc.integer({ min: 1, max: 9000 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('acknowledge' as const),
      part: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant('rewind' as const),
      part: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
)

describe('SendLog', () => {
  test('gives every message once and in order to a peer that acknowledges, over any number of sockets', () => {
    fc.assert(
      fc.property(fc.array(command, { minLength: 5, maxLength: 120 }), (commands) => {
        const log = new SendLog(bytes(), LIMITS)
        const sent: Uint8Array[] = []
        let reader = new Reader()
        for (const next of commands) {
          if (next.op === 'add') {
            const message = new Uint8Array(next.size).fill(sent.length)
            expect(log.add(message)).toBe(next.size)
            sent.push(message)
          } else if (next.op === 'take') takeAndCheck(log, reader, next.credit, next.most, sent)
          else {
            // The peer has some of what was taken, and so may say.
            const received = log.acknowledged + Math.floor(next.part * (log.taken - log.acknowledged))
            log.acknowledge(received)
            expect(log.acknowledged).toBe(received)
            if (next.op === 'rewind') {
              log.rewind()
              const whole = reader.messages.slice(0, received)
              reader = new Reader()
              reader.messages.push(...whole)
            }
          }
          expect(log.messages).toBe(sent.length - log.acknowledged)
          expect(log.bytes).toBe(framesOf(sent.slice(log.acknowledged)))
        }
        for (let left = 1e5; log.untakenBytes > 0 && left > 0; left--) reader.push(log.take(1e9, 1e9))
        expectSame(reader.messages, sent)
        log.acknowledge(sent.length)
        expect([log.bytes, log.messages, log.untakenBytes, log.taken]).toEqual([0, 0, 0, sent.length])
        log.clear()
      }),
      { numRuns: 200 },
    )
  })

  test('a message that is too large leaves no trace', () => {
    const log = new SendLog(bytes(), LIMITS)
    expect(() => log.add(new Uint8Array(20_001))).toThrow(
      expect.toSatisfy((error) => isIpcError(error, 'IPC_MESSAGE_TOO_LARGE'), 'is too large'),
    )
    expect([log.bytes, log.messages, log.take(1000, 1000)]).toEqual([0, 0, undefined])
  })

  test('refuses a message from within the encoding of another one', () => {
    const log: SendLog<Uint8Array> = new SendLog(
      {
        encode() {
          log.add(new Uint8Array(1))
          return 0
        },
      },
      LIMITS,
    )
    expect(() => log.add(new Uint8Array(1))).toThrow(TypeError)
  })
})

function takeAndCheck(
  log: SendLog<Uint8Array>,
  reader: Reader,
  credit: number,
  most: number,
  sent: readonly Uint8Array[],
): void {
  const before = log.taken
  const outgoing = log.take(credit, most)
  reader.push(outgoing)
  expect(reader.messages.length).toBe(log.taken)
  expectSame(reader.messages.slice(before), sent.slice(before, log.taken))
  expect(outgoing?.messages ?? 0).toBe(log.taken - before)
  // No message begins without credit: all but the last one fit into it.
  const begun = sent.slice(before, log.taken)
  const costs = begun.map(({ length }) => length + MESSAGE_COST_BYTES)
  if (outgoing !== undefined && outgoing.cost > credit) {
    expect(outgoing.cost - Math.max(...costs, LIMITS.maxMessageBytes + MESSAGE_COST_BYTES)).toBeLessThan(
      credit,
    )
  }
}

/** As `toEqual`, which looks at every byte by itself. */
function expectSame(found: readonly Uint8Array[], expected: readonly Uint8Array[]): void {
  expect(found.length).toBe(expected.length)
  for (const [index, message] of found.entries()) {
    if (Buffer.compare(message, expected[index] as Uint8Array) !== 0)
      throw new Error(`message ${index} differs`)
  }
}

function framesOf(messages: readonly Uint8Array[]): number {
  let bytes = 0
  for (const { length } of messages) {
    // A total length, and a header for each frame.
    if (length <= LIMITS.maxFrameBytes) bytes += HEADER_BYTES + length
    else bytes += 6 + length + HEADER_BYTES * Math.ceil((length + 6) / LIMITS.maxFrameBytes)
  }
  return bytes
}
