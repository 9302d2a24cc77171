import { describe, expect, test } from 'vitest'
import type { BenchDocument } from '../src/report/document.js'
import { bench } from './fixtures/bench-run.js'

const WATCHDOG_MS = 60_000
/** What it says on a machine without a compiler. */
const NO_PROGRAMS = 'bench: the C programs cannot be built here (cc): there are no rows of it\n'
const SHORT = ['--rounds', '1', '--seconds', '0.05']

describe('bench', { timeout: WATCHDOG_MS }, () => {
  test('prints a line of JSON for each result and leaves nothing behind', async () => {
    const run = bench(['--filter', 'shm/one-way/64/each', ...SHORT, '--json'])
    expect(await run.ended, run.stderr).toBe(0)
    const [machine, ...results] = run.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(machine).toEqual({
      case: 'machine',
      system: expect.stringContaining(`Node ${process.version}`),
      metric: 'load average',
      value: expect.any(Number),
      unit: 'processes',
    })
    for (const result of results) {
      expect(result).toEqual({
        case: 'shm/one-way/64/each',
        system: expect.any(String),
        metric: 'rate',
        value: expect.any(Number),
        unit: 'messages/s',
      })
      expect(result.value).toBeGreaterThan(0)
    }
    expect(results.map(({ system }) => system)).toEqual([
      'ours (processes)',
      'ours (threads)',
      'ringbuf.js (threads)',
      ...(run.stderr.includes(NO_PROGRAMS) ? [] : ['C ring (processes)']),
      'node postMessage',
      'node process.send',
    ])
    expect(run.leftovers()).toEqual([])
  })

  test('lists the cases that are asked for', async () => {
    const run = bench(['--list', '--filter', 'shm/round-trip', '--targets'])
    expect(await run.ended, run.stderr).toBe(0)
    const names = run.stdout.trimEnd().split('\n')
    expect(names).toHaveLength(4)
    for (const name of names) expect(name).toMatch(/^shm\/round-trip\//)
  })

  test('prints a table with ratios, and says what it leaves out without a compiler', async () => {
    const run = bench(['--filter', 'shm/round-trip/spin', ...SHORT], { PATH: '/nowhere' })
    expect(await run.ended).toBe(0)
    expect(run.stderr).toContain('bench: the C programs cannot be built here (cc): there are no rows of it\n')
    expect(run.stdout).toMatch(/^Node v.*, load .* before the run$/m)
    expect(run.stdout).toMatch(/^ours \(processes\) +[\d.]+k? +[\d.]+k? .* -$/m)
    expect(run.stdout).not.toMatch(/^C spin/m)
    expect(run.stdout).toMatch(
      /^shm\/round-trip\/spin +ours \(processes\) <= 1.3 x C spin +- +not measured *$/m,
    )
    expect(run.leftovers()).toEqual([])
  })

  test('writes what it measured, and with what, as JSON and as Markdown', async () => {
    const run = bench(['--filter', 'shm/one-way/64/each', '--targets', '--rounds', '3', '--seconds', '0.05'])
    expect(await run.ended, run.stderr).toBe(0)
    const report: BenchDocument = JSON.parse(run.report('bench/report.json'))
    expect(report).toMatchObject({ rounds: 3, seconds: 0.05, problems: [] })
    expect(report.machine).toMatchObject({ node: process.version, cores: expect.any(Number) })
    expect(report.versions).toMatchObject({
      'ringbuf.js': expect.stringMatching(/^\d/),
      ws: expect.any(String),
    })
    expect(Date.parse(report.startedAt)).not.toBeNaN()
    const [measured] = report.cases
    expect(measured?.name).toBe('shm/one-way/64/each')
    for (const { metrics } of measured?.systems ?? []) {
      const [rate] = metrics
      const sorted = [...(rate?.values ?? [])].sort((a, b) => a - b)
      expect(sorted).toHaveLength(3)
      expect(rate).toMatchObject({ lowest: sorted[0], median: sorted[1], highest: sorted[2], metric: 'rate' })
    }
    const [target] = measured?.targets ?? []
    expect(target).toMatchObject({ than: 'ringbuf.js (threads)', bound: 'at least', ratio: 3 })
    expect(target?.met).toBe((target?.reached ?? 0) >= 3)
    const markdown = run.report('bench/report.md')
    expect(markdown).toContain(`Node ${process.version}`)
    expect(markdown).toMatch(/^\| ours \(processes\) \|.*x \|$/m)
    expect(run.stdout).toContain('bench/report.md and bench/report.json written')
  })

  test('leaves nothing behind when it is interrupted', async () => {
    const run = bench(['--filter', 'shm/one-way/64/each', '--seconds', '60'])
    await run.said(/round 1/)
    run.child.kill('SIGINT')
    expect(await run.ended).toBe(130)
    expect(run.leftovers()).toEqual([])
  })

  test.each([
    [
      'an unknown case',
      ['--filter', 'pigeon'],
      'no case has "pigeon" in its name; the cases are shm/one-way/64/each, ',
    ],
    [
      'a number of rounds that is none',
      ['--rounds', '0'],
      '--rounds must be a whole number from 1 to 1000, got "0"',
    ],
    ['a time that is none', ['--seconds', 'x'], '--seconds must be a number from 0.01 to 600, got "x"'],
    [
      'a case without a target',
      ['--filter', 'net/idle', '--targets'],
      'there is no ratio to reach in any of these cases',
    ],
    [
      'a place for its report that is none',
      ['--out', '/dev/null/report'],
      '--out /dev/null/report cannot be written to: ',
    ],
    ['an unknown option', ['--fast'], "unknown option '--fast'"],
  ])('refuses %s in one line, exit code 2', async (_what, args, message) => {
    const run = bench(args)
    expect(await run.ended).toBe(2)
    expect(run.stderr).toMatch(/^bench: .+\n$/)
    expect(run.stderr).toContain(message)
    expect(run.stdout).toBe('')
    expect(run.leftovers()).toEqual([])
  })
})
