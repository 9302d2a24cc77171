import { cpus, loadavg } from 'node:os'
import type { Failure, TransportRun } from './job.js'
import { BASELINE_ID, type DemoTransport } from './transports/index.js'

/** What came of one transport that was asked for. */
export interface Result {
  readonly transport: DemoTransport
  readonly run: TransportRun | undefined
  /** Why there is no run; `IPC_NOT_SUPPORTED` is no failure, but a matter of the machine. */
  readonly failure: Failure | undefined
}

/** The machine that the figures are from. */
export interface Machine {
  readonly node: string
  readonly platform: string
  readonly cpu: string
  readonly cores: number
  /** How many processes wanted a core in the last minute: figures are only as good as the machine is quiet. */
  readonly load: number
}

/** This machine, now. */
export function thisMachine(): Machine {
  const cores = cpus()
  const cpu = cores[0]?.model.trim() ?? 'unknown processor'
  return {
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpu,
    cores: cores.length,
    load: loadavg()[0] ?? 0,
  }
}

/** Nothing was lost, repeated or reordered, in both phases. */
export function isIntact({ records, blocks }: TransportRun): boolean {
  return records.intact && blocks.intact
}

/** Messages of the records phase per second. */
export function messagesPerSecond({ records }: TransportRun): number {
  return records.messages / records.seconds
}

/** Bytes of the blocks phase per second. */
export function bytesPerSecond({ blocks }: TransportRun): number {
  return blocks.bytes / blocks.seconds
}

/** Messages/s of `process.send` in the same run; `undefined` when it was not part of it. */
export function baselineOf(results: readonly Result[]): number | undefined {
  const run = results.find(({ transport }) => transport.id === BASELINE_ID)?.run
  return run === undefined ? undefined : messagesPerSecond(run)
}
