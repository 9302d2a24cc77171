import { INSTALL_TIMEOUT_MS } from '@ipc/debian'
import { describe, expect, test } from 'vitest'
import { bench } from './fixtures/bench-run.js'

const SHORT = ['--rounds', '1', '--seconds', '0.02', '--json']
/** What it says of a peer that cannot be had on this machine. */
const ABSENT = /^bench: (no nats-server|zeromq cannot be loaded): .+: there are no rows of it$/gm

/** A case of each kind, and what it has to measure, in the order of its columns. Others differ in numbers only. */
const METRICS = {
  'net/one-way/64/x16': ['rate messages/s'],
  'net/round-trip/64/x16': ['p50 us', 'p99 us'],
  'net/idle/256': ['both sides KiB', 'near RSS KiB', 'near heap KiB', 'far RSS KiB', 'far heap KiB'],
} as const

/** Systems without which no case is complete. */
const ALWAYS = [
  'ours (tcp)',
  'ours (tcp, resume: false)',
  'ours (unix)',
  'ours (tls, secret)',
  'raw socket (tcp)',
  'raw socket (unix)',
  'raw socket (tls, PSK)',
  'node-ipc (unix)',
]

interface Line {
  readonly case: string
  readonly system: string
  readonly metric: string
  readonly value: number
  readonly unit: string
}

// The first one may have to install the server of a peer.
describe('bench of @ipc/net', { timeout: INSTALL_TIMEOUT_MS }, () => {
  test.each(Object.entries(METRICS))('measures every system of %s', async (name, metrics) => {
    const run = bench(['--filter', name, ...SHORT])
    expect(await run.ended, run.stderr).toBe(0)
    const [, ...lines] = run.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Line)
    expect([...new Set(lines.map((line) => line.case))]).toEqual([name])
    const systems = [...new Set(lines.map(({ system }) => system))]
    expect(systems).toEqual(expect.arrayContaining(ALWAYS))
    const absent = run.stderr.match(ABSENT) ?? []
    if (absent.length === 0) expect(systems).toEqual(expect.arrayContaining(['zeromq.js (tcp)', 'NATS core']))
    expect(lines.map(({ metric, unit }) => `${metric} ${unit}`)).toEqual(systems.flatMap(() => metrics))
    if (name !== 'net/idle/256') for (const { value } of lines) expect(value).toBeGreaterThan(0)
    expect(run.leftovers()).toEqual([])
  })

  test('does without a peer that is not there, and says which', async () => {
    const run = bench(['--filter', 'net/round-trip/1024/x16', ...SHORT], { PATH: '/nowhere' })
    expect(await run.ended, run.stderr).toBe(0)
    expect(run.stderr).toMatch(/^bench: no nats-server: .*install.* nats-server.*: there are no rows of it$/m)
    expect(run.stdout).toContain('"ours (tcp)"')
    expect(run.stdout).not.toContain('"NATS core"')
    expect(run.leftovers()).toEqual([])
  })

  test('--targets measures what has a ratio to reach, and those it is between', async () => {
    const run = bench(['--filter', 'net/round-trip', '--targets', ...SHORT])
    expect(await run.ended, run.stderr).toBe(0)
    const [, ...lines] = run.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Line)
    const measured = new Set(lines.map((line) => `${line.case}: ${line.system}`))
    expect([...measured]).toEqual(['net/round-trip/64: ours (tcp)', 'net/round-trip/64: raw socket (tcp)'])
  })
})
