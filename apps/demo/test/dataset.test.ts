import { describe, expect, test } from 'vitest'
import { loadDataset } from '../src/dataset.js'
import { checkInput, flightsPath } from '../src/input-file.js'
import { inputFile } from './fixtures/input.js'

describe('loadDataset', () => {
  test('takes the flights of vega-datasets as records of fixed size', async () => {
    const { shape, records, blocks } = await loadDataset(flightsPath())
    expect(shape).toEqual({ kind: 'flights' })
    expect(records.messages).toHaveLength(200_000)
    expect(records.bytes).toHaveLength(200_000 * 16)
    expect(Buffer.concat(blocks.messages).equals(records.bytes)).toBe(true)
  })

  test('reads CSV by its header and keeps text that a number would change', async () => {
    const path = inputFile('in.csv', 'carrier,delay,code\nAA,-5,007\nBB,1.5,1e3\n')
    const { shape, records } = await loadDataset(path)
    expect(records.messages).toEqual([
      { carrier: 'AA', delay: -5, code: '007' },
      { carrier: 'BB', delay: 1.5, code: '1e3' },
    ])
    expect(shape).toEqual({ kind: 'objects', key: 'carrier', keyIs: 'value', value: 'delay' })
  })

  test('reads a line of NDJSON as a record and skips empty lines', async () => {
    const path = inputFile('in.ndjson', '{"origin":"SFO","n":1}\r\n\n{"origin":"JFK","n":2}')
    const { shape, records } = await loadDataset(path)
    expect(records.messages).toEqual([
      { origin: 'SFO', n: 1 },
      { origin: 'JFK', n: 2 },
    ])
    expect(shape).toMatchObject({ key: 'origin', value: 'n' })
  })

  test('takes flights for any records when one does not fit the fixed size', async () => {
    const flights = [
      { delay: 1, distance: 2, time: 3.5 },
      { delay: 1.5, distance: 2, time: 3.5 },
    ]
    const { shape } = await loadDataset(inputFile('in.json', JSON.stringify(flights)))
    expect(shape).toEqual({ kind: 'objects', key: 'time', keyIs: 'hour', value: 'delay' })
  })

  test('takes any other file as bytes, in chunks and blocks', async () => {
    const content = Uint8Array.from({ length: 70_000 }, (_, i) => i)
    const { shape, records, blocks } = await loadDataset(inputFile('in.bin', content))
    expect(shape).toEqual({ kind: 'bytes' })
    expect(records.messages).toHaveLength(Math.ceil(70_000 / 256))
    expect(blocks.messages.map((block) => block.length)).toEqual([65_536, 70_000 - 65_536])
    expect(Buffer.concat(records.messages as Uint8Array[]).equals(content)).toBe(true)
  })

  test.each([
    ['in.csv', 'a,b\n', 'holds no records'],
    ['in.csv', 'a,b\n1,2,3\n', 'is no CSV with a header: invalid Record Length'],
    ['in.ndjson', '{"a":1}\n{"a":\n', 'in.ndjson line 2 is not JSON'],
    ['in.jsonl', '[1]\n', 'in.jsonl line 1 is not a record'],
    ['in.json', '{"a":1}', 'is no JSON array of records'],
    ['in.json', '[{"a":1},null]', 'in.json record 2 is not a record'],
    ['in.json', '[', 'in.json is not JSON'],
  ])('refuses %s holding %j', async (name, content, message) => {
    await expect(loadDataset(inputFile(name, content))).rejects.toThrow(message)
  })
})

describe('checkInput', () => {
  test('takes a regular file', async () => {
    await checkInput(import.meta.filename)
  })

  test.each([
    ['a path where nothing is', `${import.meta.filename}.missing`, 'does not exist'],
    ['a path through a file', `${import.meta.filename}/x`, 'does not exist'],
    ['a directory', import.meta.dirname, 'is a directory'],
  ])('refuses %s', async (_what, path, message) => {
    await expect(checkInput(path)).rejects.toThrow(message)
  })

  test('refuses an empty file', async () => {
    await expect(checkInput(inputFile('in.csv', ''))).rejects.toThrow('is empty')
  })
})
