import { type ChildProcess, fork } from 'node:child_process'
import type { Figure, System } from '../bench-case.js'
import { isFailure } from './control.js'
import { entryPath, entryPathIn } from './entry.js'
import type { NearJob, NearReport } from './job.js'
import type { PairName } from './pairs.js'

/** What a measurement may take beside its time, to start, to warm up, to end: more is a hang, even on a busy machine. */
const PATIENCE_SECONDS = 120

/** The system that a pair of sides is: one of our packages' own, or of a peer. */
export function pairSystem(name: string, pair: PairName, shape: unknown): System {
  return systemOf(name, pair, shape, entryPath('near'))
}

/** As {@link pairSystem}, of our packages: other checkouts have it too. */
export function ourSystem(name: string, pair: PairName, shape: unknown): System {
  return {
    ...pairSystem(name, pair, shape),
    inCheckout: (directory) => systemOf(`${name}, baseline`, pair, shape, entryPathIn(directory, 'near')),
  }
}

function systemOf(name: string, pair: PairName, shape: unknown, near: string): System {
  return {
    name,
    needs: undefined,
    measure: ({ seconds, scratch, signal }) => runPair(near, { pair, shape, seconds, scratch }, signal),
  }
}

/**
 * Run both sides and wait for what they measured.
 *
 * @param under - A program that runs them, with its arguments.
 * @throws the reason of `signal`; an error when a side fails or takes far too long.
 */
export async function runPair(
  path: string,
  job: NearJob,
  signal: AbortSignal,
  under: readonly string[] = [],
): Promise<readonly Figure[]> {
  signal.throwIfAborted()
  const [execPath = process.execPath, ...args] = under
  // Leads a group of its own, so that its far sides can be killed with it.
  const near = fork(path, [JSON.stringify(job)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    detached: true,
    execPath,
    execArgv: under.length === 0 ? process.execArgv : [...args, process.execPath],
  })
  let report: NearReport | undefined
  near.on('message', (message) => {
    report = message as NearReport
  })
  const kill = (): void => killGroup(near)
  const watchdog = setTimeout(kill, (job.seconds + PATIENCE_SECONDS) * 1000)
  signal.addEventListener('abort', kill, { once: true })
  const how = await new Promise<string>((resolve) => {
    near.once('close', (code, by) => resolve(by ?? `exit code ${code}`))
    near.once('error', (error) => resolve(error.message))
  })
  clearTimeout(watchdog)
  signal.removeEventListener('abort', kill)
  signal.throwIfAborted()
  if (report === undefined) throw new Error(`the near side ended (${how}) before it was done`)
  if (isFailure(report)) throw new Error(report.failure)
  return report.figures
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // Gone already.
  }
}
