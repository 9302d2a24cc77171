import { describe, expect, test } from 'vitest'
import { loadDataset } from '../src/dataset.js'
import { Digest } from '../src/digest.js'
import { createSink, type Received, type Sink } from '../src/sink.js'
import { flightsFile, inputFile } from './fixtures/input.js'

/** Of one, two and four bytes of UTF-8, smaller and larger than a block. */
const RECORDS = [{ a: 'é€😀', n: 1 }, { a: 'x'.repeat(100_000) }, { a: 'ü'.repeat(30_000) }]
  .map((record) => JSON.stringify(record))
  .join('\n')

function digestOf(bytes: Uint8Array): string {
  const digest = new Digest()
  digest.update(bytes)
  return digest.finish()
}

function receive(sink: Sink, messages: readonly unknown[]): Received {
  for (const message of messages) (sink as Sink<unknown>).take(message)
  return sink.finish()
}

describe('createSink', () => {
  test.each([
    ['flights', () => flightsFile()],
    ['records', () => inputFile('in.ndjson', RECORDS)],
    ['bytes', () => inputFile('in.bin', Buffer.alloc(200_000, 'ab'))],
  ])('of %s digests what was sent, and sees a loss or a repetition', async (_name, path) => {
    const { shape, records } = await loadDataset(path())
    const sent = digestOf(records.bytes)
    const { messages } = records
    expect(receive(createSink(shape), messages)).toMatchObject({ messages: messages.length, digest: sent })
    const lost = receive(createSink(shape), messages.slice(1))
    expect(lost.digest).not.toBe(sent)
    const repeated = receive(createSink(shape), [messages[0], ...messages])
    expect(repeated.digest).not.toBe(sent)
  })

  test('sees two records that changed places', async () => {
    const { shape, records } = await loadDataset(flightsFile())
    const [first, second, ...rest] = records.messages
    expect(first).not.toEqual(second)
    expect(receive(createSink(shape), [second, first, ...rest]).digest).not.toBe(digestOf(records.bytes))
  })

  test('of flights counts them by hour', () => {
    const flights = [
      { delay: 10, distance: 1, time: 0 },
      { delay: -20, distance: 1, time: 23.99 },
      { delay: 30, distance: 1, time: 0.5 },
    ]
    expect(receive(createSink({ kind: 'flights' }), flights).groups).toEqual([
      { key: '00', count: 2, sum: 40, valued: 2 },
      { key: '23', count: 1, sum: -20, valued: 1 },
    ])
  })

  test('of records counts them by key, the largest group first, and leaves out what is no number', () => {
    const shape = { kind: 'objects', key: 'carrier', keyIs: 'value', value: 'delay' } as const
    const records = [{ carrier: 'B', delay: 1 }, { carrier: 'A', delay: 2 }, { carrier: 'A', delay: '' }, {}]
    const { groups, groupCount } = receive(createSink(shape), records)
    expect(groups).toEqual([
      { key: 'A', count: 2, sum: 2, valued: 1 },
      { key: 'B', count: 1, sum: 1, valued: 1 },
      { key: '(none)', count: 1, sum: 0, valued: 0 },
    ])
    expect(groupCount).toBe(3)
  })

  test('of records reports only the largest of very many groups', () => {
    const shape = { kind: 'objects', key: 'id', keyIs: 'value', value: undefined } as const
    const records = Array.from({ length: 1000 }, (_, id) => ({ id }))
    const { groups, groupCount } = receive(createSink(shape), records)
    expect(groups).toHaveLength(100)
    expect(groupCount).toBe(1000)
  })
})
