import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Figure, System } from '../bench-case.js'
import { entryPath, entryPathIn } from '../pair/entry.js'
import type { PairName } from '../pair/pairs.js'
import { runPair } from '../pair/run-pair.js'
import type { Requirement } from '../requirements.js'
import { withDiskDirectory } from './disk-directory.js'
import type { DurableShape } from './shape.js'

/** What brings data to a disk. */
const SYNCS = 'fsync,fdatasync'

/** What a durable queue is measured with. */
export interface DurableTerms {
  readonly shape: DurableShape
  /** Every fsync takes so much longer. The figures are those of a run with it. */
  readonly syncDelayMs?: number
}

/**
 * A durable queue as a system: its rate, and how often it, or the server that it started, had the kernel bring data to the
 * disk for each message. That is counted in a run of its own, because counting slows it down.
 */
export function durableSystem(
  name: string,
  pair: PairName,
  terms: DurableTerms,
  server?: 'nats-server' | 'redis-server',
): System {
  return systemOf(name, pair, terms, server, entryPath('near'))
}

/** As {@link durableSystem}, of our packages: other checkouts have it too. */
export function ourDurableSystem(...[name, pair, terms, server]: Parameters<typeof durableSystem>): System {
  return {
    ...durableSystem(name, pair, terms, server),
    inCheckout: (directory) =>
      systemOf(`${name}, baseline`, pair, terms, server, entryPathIn(directory, 'near')),
  }
}

function systemOf(
  name: string,
  pair: PairName,
  { shape, syncDelayMs }: DurableTerms,
  server: Requirement | undefined,
  near: string,
): System {
  return {
    name,
    needs: server === undefined ? ['strace'] : ['strace', server],
    async measure({ seconds, signal }) {
      const run = (under: (directory: string) => readonly string[]): Promise<readonly Figure[]> =>
        withDiskDirectory(async (scratch) => {
          const tracer = under(scratch)
          const [rate, messages] = await runPair(near, { pair, shape, seconds, scratch }, signal, tracer)
          const each = tracer.length === 0 ? Number.NaN : syncsIn(tracesIn(scratch)) / messages!.value
          return [rate!, { metric: 'fsyncs', value: each, unit: 'per message' }]
        })
      if (syncDelayMs !== undefined) return run((directory) => strace(directory, syncDelayMs))
      const [rate] = await run(() => [])
      const [, syncs] = await run((directory) => strace(directory))
      return [rate!, syncs!]
    },
  }
}

/** The tracer, with what it is to do; the program follows. */
function strace(directory: string, delayMs?: number): readonly string[] {
  const delay = delayMs === undefined ? [] : ['-e', `inject=${SYNCS}:delay_exit=${delayMs * 1000}`]
  return ['strace', '-f', '-c', '--seccomp-bpf', '-o', tracesIn(directory), '-e', `trace=${SYNCS}`, ...delay]
}

function tracesIn(directory: string): string {
  return join(directory, 'syncs.txt')
}

/** The calls that the tracer has counted: a table with a line for each kind. */
function syncsIn(file: string): number {
  const lines = readFileSync(file, 'utf8').split('\n')
  const counts = lines.flatMap((line) => {
    const fields = line.trim().split(/\s+/)
    return SYNCS.split(',').includes(fields.at(-1) ?? '') ? [Number(fields[3])] : []
  })
  return counts.reduce((sum, count) => sum + count, 0)
}
