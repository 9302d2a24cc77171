import { bytes } from '@ipc/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FRAME, HEADER_BYTES, MESSAGE_COST_BYTES, WHOLE, writeHeader } from '../src/frame.js'
import { FrameDecoder } from '../src/frame-decoder.js'
import { SendBatch } from '../src/send-batch.js'

/** The sizes of the messages in `pieces`. */
function sizesIn(pieces: readonly Buffer[]): number[] {
  const sizes: number[] = []
  const nothing = (): void => {}
  const decoder = new FrameDecoder(
    { maxFrameBytes: 2 ** 20, maxMessageBytes: 2 ** 20 },
    {
      message: (_source, start, end) => sizes.push(end - start),
      credit: nothing,
      close: nothing,
      error: nothing,
      violation: ({ reason }) => {
        throw new Error(reason)
      },
    },
  )
  const stream = Buffer.concat(pieces)
  decoder.push(stream, 0, stream.length)
  return sizes
}

function addAlone(batch: SendBatch, size: number): void {
  const frame = Buffer.alloc(HEADER_BYTES + size)
  writeHeader(frame, 0, size, FRAME.data, WHOLE)
  batch.add([frame], 1, size + MESSAGE_COST_BYTES)
}

describe('SendBatch', () => {
  test('gives out every message once, in order, and begins none without credit', () => {
    const message = fc.record({ size: fc.nat(600), alone: fc.boolean() })
    const messages = fc.array(message, { minLength: 1, maxLength: 40 })
    const grants = fc.infiniteStream(fc.integer({ min: 1, max: 3000 }))
    fc.assert(
      fc.property(messages, fc.integer({ min: 1, max: 2000 }), grants, (sent, initial, more) => {
        const batch = new SendBatch()
        for (const { size, alone } of sent) {
          if (alone) addAlone(batch, size)
          else expect(batch.encode(bytes(), new Uint8Array(size), 1000)).toBe(size)
        }
        const total = batch.bytes
        let credit = initial
        let taken = 0
        const sizes: number[] = []
        while (!batch.empty) {
          const part = batch.take(credit)
          const found = part === undefined ? [] : sizesIn(part.pieces)
          for (const size of found) {
            expect(credit).toBeGreaterThan(0)
            credit -= size + MESSAGE_COST_BYTES
          }
          // As much as there was credit for.
          expect(batch.empty || credit <= 0).toBe(true)
          expect(part?.messages ?? 0).toBe(found.length)
          sizes.push(...found)
          taken += part?.bytes ?? 0
          credit += more.next().value
        }
        expect(sizes).toEqual(sent.map(({ size }) => size))
        expect(taken).toBe(total)
        expect(batch.bytes).toBe(0)
        batch.reset()
      }),
      { numRuns: 500 },
    )
  })

  test('a frame that is no message needs no credit, but waits its turn', () => {
    const batch = new SendBatch()
    addAlone(batch, 10)
    batch.add([Buffer.from('0000000700000000', 'hex')], 0, 0)
    expect(batch.take(0)).toBeUndefined()
    expect(batch.take(1)).toMatchObject({ messages: 1, cost: 74, bytes: 18 + 8 })
    expect(batch.empty).toBe(true)
  })

  test('a message that is too large or does not fit leaves no trace', () => {
    const batch = new SendBatch()
    expect(batch.encode(bytes(), new Uint8Array(11), 10)).toBe(11)
    expect(batch.encode(bytes(), new Uint8Array(2 ** 20), 2 ** 21)).toBe(-1)
    expect(batch.empty).toBe(true)
    expect(batch.take(1000)).toBeUndefined()
    batch.reset()
  })
})
