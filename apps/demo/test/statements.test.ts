import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { ReportDocument } from '../src/report/json.js'
import { isFault } from '../src/statements/statement.js'
import { demo, gone, Run, WATCHDOG_MS } from './fixtures/cli-run.js'
import { flightsFile } from './fixtures/input.js'

const SHORT = ['--seconds', '0.05', '--quick', '--json', '--report', '/dev/null']

/** Processes that this one has started and that are there. Linux only. */
function childrenOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return children === '' ? [] : children.split(' ').map(Number)
}

/** The processes of a statement, as soon as there are so many. */
async function actorsOf(run: Run, number: number, count: number): Promise<number[]> {
  await run.complaint(new RegExp(`^statement ${number}: `, 'm'))
  for (;;) {
    const children = childrenOf(run.child.pid!)
    if (children.length >= count) return children
    await sleep(5)
  }
}

describe.runIf(process.platform === 'linux')('a statement', { timeout: WATCHDOG_MS }, () => {
  const one = (number: string): string[] => [
    ...['--transports', 'net-unix', '--input', flightsFile(), '--statements', number],
    ...SHORT,
  ]

  test('whose figures are as it has it is shown, exit code 0', async () => {
    const run = demo(...one('8'))
    expect(await run.exitCode(), run.stderr).toBe(0)
    const { statements }: ReportDocument = JSON.parse(run.stdout)
    expect(statements).toEqual([
      expect.objectContaining({
        number: 8,
        shown: true,
        figure: expect.stringContaining('2,000 of 16 bytes each with struct()'),
      }),
    ])
    expect(run.leftovers()).toEqual([])
  })

  test('that takes what the machine lacks is not shown and says so, exit code 0', async () => {
    const run = new Run('cli', one('2'), { env: { PATH: '/nowhere' } })
    expect(await run.exitCode(), run.stderr).toBe(0)
    const { statements }: ReportDocument = JSON.parse(run.stdout)
    expect(statements).toEqual([
      expect.objectContaining({ number: 2, shown: false, because: 'missing', figure: 'strace is missing' }),
    ])
    expect(run.leftovers()).toEqual([])
  })

  test('whose measurement fails is not shown and says why, exit code 3', async () => {
    const run = demo(...one('12'))
    const [victim] = await actorsOf(run, 12, 3)
    process.kill(victim!, 'SIGKILL')
    expect(await run.exitCode()).toBe(3)
    expect(run.stderr).toMatch(
      /^demo: statement 12 failed: the process of latency (ended|did not start) \(SIGKILL\)$/m,
    )
    const { statements }: ReportDocument = JSON.parse(run.stdout)
    expect(statements).toEqual([expect.objectContaining({ number: 12, shown: false, because: 'failed' })])
    expect(run.leftovers()).toEqual([])
  })

  test('leaves neither processes nor files when the demo is killed', async () => {
    const run = demo(...one('12'))
    const actors = await actorsOf(run, 12, 3)
    run.child.kill('SIGKILL')
    for (const pid of actors) await gone(pid)
    expect(run.leftovers()).toEqual([])
  })

  test('leaves neither processes nor files when the demo is interrupted', async () => {
    const run = demo(...one('12'))
    const actors = await actorsOf(run, 12, 3)
    run.child.kill('SIGINT')
    expect(await run.exitCode()).toBe(130)
    for (const pid of actors) await gone(pid)
    expect(run.leftovers()).toEqual([])
  })
})

test.each([
  [true, { because: 'failed' }],
  [true, { because: 'failed', isOfSpeed: true }],
  [true, { because: 'contradicted' }],
  [false, { because: 'contradicted', isOfSpeed: true }],
  [false, { because: 'missing' }],
  [false, {}],
] as const)('it is %s that the run has failed by a statement with %o', (fails, finding) => {
  expect(isFault(finding)).toBe(fails)
})
