import { INSTALL_TIMEOUT_MS } from '@ipc/debian'
import { describe, expect, test } from 'vitest'
import { bench } from './fixtures/bench-run.js'

const SHORT = ['--rounds', '1', '--seconds', '0.02', '--json']
/** What it says of a program that cannot be had on this machine. */
const ABSENT = /^bench: no (nats-server|redis-server|strace): .+: there are no rows of it$/gm

/** Of each kind of case: what systems it has, those that need a program last. Each of them counts its messages itself. */
const SYSTEMS = {
  'mq/child/': ['ours (child process)', 'process.send (advanced)'],
  'mq/queue/64': [
    'ours (in process)',
    'ours (in process, msgpack)',
    'ours (in process, loop with ack)',
    'ours (broker in a worker)',
    'ours (broker in a worker, loop with ack)',
    'ours (broker in a child process)',
  ],
  'mq-durable/queue/64': [],
  'mq-durable/slow-disk/send': [],
} as const

const WITH_SERVERS = {
  'mq/child/': [],
  'mq/queue/64': ['BullMQ (Redis in memory)'],
  'mq-durable/queue/64': durableSystems(),
  'mq-durable/slow-disk/send': durableSystems(),
} as const

interface Line {
  readonly system: string
  readonly metric: string
  readonly value: number
}

// The first one may have to install the server of a peer.
describe('bench of @ipc/mq', { timeout: INSTALL_TIMEOUT_MS }, () => {
  test.each(Object.keys(SYSTEMS) as (keyof typeof SYSTEMS)[])(
    'measures every system of %s',
    async (filter) => {
      const run = bench(['--filter', filter, ...SHORT])
      expect(await run.ended, run.stderr).toBe(0)
      const [, ...lines] = run.stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Line)
      const systems = new Set(lines.map(({ system }) => system))
      const isWhole = (run.stderr.match(ABSENT) ?? []).length === 0
      expect([...systems]).toEqual([...SYSTEMS[filter], ...(isWhole ? WITH_SERVERS[filter] : [])])
      for (const { metric, value } of lines) if (metric !== 'fsyncs') expect(value).toBeGreaterThan(0)
      if (filter.startsWith('mq-durable') && isWhole) checkSyncs(filter, lines)
      expect(run.leftovers()).toEqual([])
    },
  )
})

function durableSystems(): readonly string[] {
  return [
    'ours (SQLite, disk)',
    'ours (SQLite, os)',
    'ours (JetStream file)',
    'BullMQ (AOF everysec)',
    'BullMQ (AOF always)',
    'plain SQLite (FULL)',
    'plain SQLite (NORMAL)',
  ]
}

/** Whoever says that a message is on disk has brought it there; a claim and a removal of a plain table are one each. */
function checkSyncs(filter: string, lines: readonly Line[]): void {
  const each = new Map(
    lines.flatMap(({ system, metric, value }) => (metric === 'fsyncs' ? [[system, value]] : [])),
  )
  for (const system of ['ours (SQLite, disk)', 'BullMQ (AOF always)', 'plain SQLite (FULL)']) {
    expect(each.get(system), system).toBeGreaterThan(0)
  }
  if (filter !== 'mq-durable/queue/64') return
  expect(each.get('plain SQLite (FULL)')).toBeGreaterThanOrEqual(2)
  expect(each.get('plain SQLite (NORMAL)')).toBeLessThan(1)
}
