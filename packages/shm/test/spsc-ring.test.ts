import { Worker } from 'node:worker_threads'
import { isIpcError } from '@ipc/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RING_CONTROL_BYTES, RING_HEAD, RING_TAIL } from '../src/ring/ring-layout.js'
import { SpscReader } from '../src/ring/spsc-reader.js'
import { SpscWriter } from '../src/ring/spsc-writer.js'

const KIND = 7

interface Ends {
  readonly producer: SpscWriter
  readonly consumer: SpscReader
  readonly buffer: SharedArrayBuffer
}

/** A ring whose positions begin at `position`, with an instance for each role, as two threads have it. */
function ring(capacity: number, position = 0): Ends {
  const buffer = new SharedArrayBuffer(RING_CONTROL_BYTES + capacity)
  const control = new Int32Array(buffer)
  control[RING_TAIL >> 2] = position
  control[RING_HEAD >> 2] = position
  return {
    producer: new SpscWriter(buffer, 0, capacity),
    consumer: new SpscReader(buffer, 0, capacity),
    buffer,
  }
}

function commit(producer: SpscWriter): void {
  producer.stage()
  producer.publish()
}

function write(producer: SpscWriter, payload: Uint8Array): boolean {
  const index = producer.tryClaim(payload.length, KIND)
  if (index < 0) return false
  producer.bytes.set(payload, index)
  commit(producer)
  return true
}

function read(consumer: SpscReader): Uint8Array | undefined {
  if (!consumer.peek()) return undefined
  expect(consumer.kind).toBe(KIND)
  const payload = consumer.bytes.slice(consumer.start, consumer.end)
  consumer.advance()
  consumer.release()
  return payload
}

describe('SpscRing', () => {
  test('peek returns false when the ring is empty', () => {
    expect(ring(1024).consumer.peek()).toBe(false)
  })

  test('a record is invisible until it is committed', () => {
    const { producer, consumer } = ring(1024)
    const index = producer.tryClaim(3, KIND)
    producer.bytes.set([1, 2, 3], index)
    expect(consumer.peek()).toBe(false)
    commit(producer)
    expect(read(consumer)).toEqual(Uint8Array.of(1, 2, 3))
  })

  test('a claim that is not committed is replaced by the next one', () => {
    const { producer, consumer } = ring(1024)
    producer.tryClaim(100, KIND)
    expect(write(producer, Uint8Array.of(9))).toBe(true)
    expect(read(consumer)).toEqual(Uint8Array.of(9))
    expect(consumer.peek()).toBe(false)
  })

  test('an empty record arrives as an empty record', () => {
    const { producer, consumer } = ring(1024)
    expect(write(producer, new Uint8Array(0))).toBe(true)
    expect(read(consumer)).toEqual(new Uint8Array(0))
  })

  test('tryClaim returns -1 when the record would overtake head, and succeeds after release', () => {
    const { producer, consumer } = ring(1024)
    let written = 0
    while (write(producer, new Uint8Array(120).fill(written))) written++
    expect(written).toBe(8)
    expect(consumer.peek()).toBe(true)
    consumer.advance()
    expect(producer.tryClaim(120, KIND)).toBe(-1)
    consumer.release()
    expect(producer.tryClaim(120, KIND)).toBeGreaterThanOrEqual(0)
  })

  test('payloads are 8-aligned', () => {
    const { producer } = ring(1024)
    for (const length of [1, 3, 8, 13]) {
      expect(producer.tryClaim(length, KIND) % 8).toBe(0)
      commit(producer)
    }
  })

  test('the longest record fits into an empty ring wherever the positions are', () => {
    for (let position = 0; position < 1024; position += 8) {
      const { producer, consumer } = ring(1024, position)
      const payload = new Uint8Array(producer.maxRecordBytes).fill(position)
      expect(write(producer, payload)).toBe(true)
      expect(read(consumer)).toEqual(payload)
    }
  })

  test('a record found corrupt is refused with IPC_PROTOCOL', () => {
    const { producer, consumer, buffer } = ring(1024)
    write(producer, Uint8Array.of(1))
    new Int32Array(buffer, RING_CONTROL_BYTES)[0] = 1024
    expect(() => consumer.peek()).toThrow(expect.toSatisfy((error) => isIpcError(error, 'IPC_PROTOCOL')))
    new Int32Array(buffer, RING_CONTROL_BYTES)[0] = -5
    expect(() => consumer.peek()).toThrow(expect.toSatisfy((error) => isIpcError(error, 'IPC_PROTOCOL')))
  })

  test('any sequence of writes and reads behaves as a queue, also where the positions wrap', () => {
    const command = fc.oneof(
      fc.record({ op: fc.constant('write' as const), payload: fc.uint8Array({ maxLength: 248 }) }),
      fc.record({ op: fc.constant('read' as const), count: fc.integer({ min: 1, max: 4 }) }),
    )
    // Positions are int32: 2 ** 31 - 8 is the last one before they turn negative, -8 the last before 0.
    const start = fc.constantFrom(0, 1016, 2 ** 31 - 8, 2 ** 31 - 1024, -8, -1024, -(2 ** 31))
    fc.assert(
      fc.property(start, fc.array(command, { maxLength: 200 }), (position, commands) => {
        const { producer, consumer } = ring(1024, position)
        const model: Uint8Array[] = []
        for (const next of commands) {
          if (next.op === 'write') {
            if (write(producer, next.payload)) model.push(next.payload)
            else expect(model.length).toBeGreaterThan(0)
          } else {
            for (let i = 0; i < next.count; i++) expect(read(consumer)).toEqual(model.shift())
          }
        }
        for (const payload of model) expect(read(consumer)).toEqual(payload)
        expect(consumer.peek()).toBe(false)
      }),
      { numRuns: 300 },
    )
  })

  test('records of a producer in another thread arrive whole, in order, once, across the wrap of the positions', async () => {
    const capacity = 4096
    const { consumer, buffer } = ring(capacity, 2 ** 31 - 16 * capacity)
    const count = 50_000
    const worker = new Worker(new URL('./fixtures/ring-producer.js', import.meta.url), {
      workerData: {
        buffer,
        capacity,
        count,
        source: new URL('../src/ring/spsc-writer.ts', import.meta.url).href,
      },
      execArgv: ['--conditions=@ipc/source'],
    })
    const failed = new Promise<never>((_resolve, reject) => worker.once('error', reject))
    const consumed = (async () => {
      for (let expected = 0; expected < count; ) {
        while (consumer.peek()) {
          const { bytes, start, end } = consumer
          const length = end - start
          if (length !== 4 + (expected % 200)) throw new Error(`record ${expected} has ${length} bytes`)
          const number = new DataView(bytes.buffer, bytes.byteOffset + start, 4).getInt32(0, true)
          if (number !== expected) throw new Error(`record ${number} came in place of ${expected}`)
          for (let at = start + 4; at < end; at++) {
            if (bytes[at] !== (expected & 0xff))
              throw new Error(`record ${expected} is torn at ${at - start}`)
          }
          consumer.advance()
          consumer.release()
          expected++
        }
        await new Promise((resolve) => setImmediate(resolve))
      }
    })()
    await Promise.race([consumed, failed])
    await worker.terminate()
  }, 60_000)
})
