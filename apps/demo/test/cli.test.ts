import { describe, expect, test } from 'vitest'
import type { ReportDocument } from '../src/report/json.js'
import { demo, type Run, WATCHDOG_MS } from './fixtures/cli-run.js'
import { flightsFile, inputFile } from './fixtures/input.js'

const LINE = /^demo: .+\n$/

async function document(run: Run): Promise<ReportDocument> {
  const code = await run.exitCode()
  expect(run.stderr).not.toMatch(/^demo: /m)
  expect(code).toBe(0)
  return JSON.parse(run.stdout)
}

describe('demo', { timeout: WATCHDOG_MS }, () => {
  test.each([
    ['a wrong option', () => ['--transports', 'shm,pigeon'], 'no transport "pigeon", known are shm,'],
    ['an input that is not there', () => ['--input', `${import.meta.filename}.missing`], 'does not exist'],
    ['a place for its report that is none', () => ['--report', '/nowhere/report.html'], 'cannot be written'],
    ['an input that is broken', () => ['--input', inputFile('in.json', '[{')], 'is not JSON'],
  ])('refuses %s in one line, exit code 2', async (_what, args, message) => {
    const run = demo(...args())
    expect(await run.exitCode()).toBe(2)
    expect(run.stderr).toMatch(LINE)
    expect(run.stderr).toContain(message)
    expect(run.stdout).toBe('')
    expect(run.leftovers()).toEqual([])
  })

  test('prints its options', async () => {
    const run = demo('--help')
    expect(await run.exitCode()).toBe(0)
    for (const option of [
      '--input',
      '--transports',
      '--seconds',
      '--list',
      '--json',
      '--statements',
      '--report',
    ]) {
      expect(run.stdout).toContain(option)
    }
  })

  test('prints tables of at most 120 columns', async () => {
    const run = demo(
      '--transports',
      'net-tcp,node-process-send',
      '--input',
      flightsFile(),
      '--seconds',
      '0.05',
    )
    expect(await run.exitCode()).toBe(0)
    expect(run.stdout).toMatch(/^net \(tcp\) .* yes *$/m)
    expect(run.stdout).toMatch(/^node process.send .* 1\.00x .* yes *$/m)
    expect(run.stdout).toMatch(/^hour of departure +flights +mean delay$/m)
    for (const line of run.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(120)
    expect(run.leftovers()).toEqual([])
  })

  const transports = ['--transports', 'mq-worker,net-tcp,node-process-send', '--seconds', '0.05', '--json']

  test('aggregates CSV by carrier, the same over every transport', async () => {
    const csv = 'carrier,delay\nAA,10\nUA,20\nAA,-5\n'
    const {
      input,
      aggregate,
      transports: runs,
    } = await document(demo(...transports, '--input', inputFile('in.csv', csv)))
    expect(input).toMatchObject({ name: 'in.csv', format: 'csv', messages: 3 })
    expect(aggregate).toEqual({
      groupCount: 2,
      groups: [
        { key: 'AA', count: 2, mean: 2.5 },
        { key: 'UA', count: 1, mean: 20 },
      ],
    })
    expect(runs.map((run) => 'intact' in run && run.intact)).toEqual([true, true, true])
  })

  test('sends NDJSON with nested values', async () => {
    const ndjson = '{"origin":"SFO","tags":["é",{"deep":null}],"n":1.5}\n{"origin":"JFK","ok":true}\n'
    const { transports: runs } = await document(
      demo(...transports, '--input', inputFile('in.ndjson', ndjson)),
    )
    expect(runs.map((run) => 'intact' in run && run.intact)).toEqual([true, true, true])
  })

  test('sends any other file as bytes', async () => {
    const file = Uint8Array.from({ length: 100_001 }, (_, i) => i ^ (i >> 8))
    const { input, transports: runs } = await document(
      demo(...transports, '--input', inputFile('in.bin', file)),
    )
    expect(input).toMatchObject({ format: 'bytes', messages: Math.ceil(100_001 / 256), bytes: 100_001 })
    expect(runs.map((run) => 'intact' in run && run.intact)).toEqual([true, true, true])
  })
})
