import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type BenchDocument, caseDocument, type MetricDocument } from '../src/report/document.js'
import { renderMarkdown, withFigures } from '../src/report/markdown.js'

const ROOT = join(import.meta.dirname, '..')
const README = readFileSync(join(ROOT, 'README.md'), 'utf8')

function series(...values: readonly number[]): MetricDocument {
  const sorted = [...values].sort((a, b) => a - b)
  const median = sorted[values.length >> 1]!
  return { metric: 'rate', unit: 'messages/s', values, median, lowest: sorted[0]!, highest: sorted.at(-1)! }
}

/** A run of one case in which `ours` is twice as fast as the peer, and `C` was not there. */
const RUN: BenchDocument = {
  machine: { node: 'v20.20.2', platform: 'linux x64', cpu: 'a | b', cores: 2, load: 0.25 },
  startedAt: '2026-11-26T05:00:00.000Z',
  commit: 'abc1234',
  versions: { peer: '1.2.3' },
  rounds: 3,
  seconds: 1,
  cases: [
    caseDocument({
      benchCase: {
        name: 'shm/x',
        about: 'small messages',
        reference: 'peer',
        systems: [],
        targets: [
          { system: 'ours', than: 'peer', bound: 'at least', ratio: 3 },
          { system: 'ours', than: 'peer', bound: 'at most', ratio: 3 },
          { system: 'ours', than: 'C', bound: 'at least', ratio: 0.1 },
        ],
      },
      systems: [
        { system: 'ours', series: [series(2e6, 1.8e6, 4e6)] },
        { system: 'peer', series: [series(1e6, 1e6, 0.9e6)] },
      ],
      problems: [],
    }),
  ],
  absent: ['no C compiler'],
  problems: ['shm/x: C: died'],
}

describe('the report of a run', () => {
  test('has the machine, the versions, medians with their spread, ratios, and what is missing', () => {
    const report = renderMarkdown(RUN)
    expect(report).toContain('Node v20.20.2, linux x64, 2 x a | b, load 0.3 before the run')
    expect(report).toContain('2026-11-26, tree abc1234.')
    expect(report).toContain('Measured with peer 1.2.3.')
    expect(report).toContain('| ours | 2.00M | 1.80M .. 4.00M | 2.00x |')
    expect(report).toContain('- no C compiler')
    expect(report).toContain('- shm/x: C: died')
  })

  test('says for each target whether it was met, missed or not measured', () => {
    const rows = renderMarkdown(RUN)
      .split('\n')
      .filter((line) => line.startsWith('| shm/x |'))
    expect(rows.map((row) => row.split(' | ').slice(-3))).toEqual([
      ['2.00x', '≥ 3x', 'missed |'],
      ['2.00x', '≤ 3x', 'met |'],
      ['-', '≥ 0.1x', 'not measured |'],
    ])
  })
})

describe('the figures of a README', () => {
  test('replace those between its markers, and nothing else', () => {
    const once = withFigures(README, RUN)
    expect(once).toContain('| shm/x | ours | 2.00M messages/s (1.80M .. 4.00M) | peer |')
    expect(withFigures(once, RUN)).toBe(once)
    const outside = (text: string): string => text.replace(/(<!-- figures).*(<!-- end)/s, '$1$2')
    expect(outside(once)).toBe(outside(README))
  })

  test('need markers', () => {
    expect(() => withFigures('# No figures', RUN)).toThrow('has no lines <!-- figures')
  })

  test('are those of the committed results', () => {
    const committed: BenchDocument = JSON.parse(readFileSync(join(ROOT, 'results/report.json'), 'utf8'))
    expect(README).toBe(withFigures(README, committed))
  })
})
