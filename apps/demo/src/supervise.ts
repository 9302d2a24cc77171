import { type ChildProcess, fork } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { entryPath } from './entry.js'
import { InputError } from './input-error.js'
import type { Failure, P1Job, P1Report, TransportRun } from './job.js'

/** How long P1 may take to clean up when it is told to stop. */
const STOP_MS = 2000

/** What came of one transport. */
export type Outcome =
  | { readonly type: 'done'; readonly run: TransportRun }
  | { readonly type: 'failed'; readonly failure: Failure }

/**
 * Run P1 for one transport, in a process of its own: so that no transport runs in machine code and on a heap that
 * another one has shaped.
 *
 * @param signal - Stops P1, and with it P2. The promise then rejects with its reason, when both are gone.
 * @throws InputError when the input cannot be used.
 */
export async function superviseP1(
  job: P1Job,
  onReport: (report: P1Report) => void,
  signal: AbortSignal,
): Promise<Outcome> {
  signal.throwIfAborted()
  const child = fork(entryPath('p1'), [JSON.stringify(job)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  let outcome: Outcome | InputError | undefined
  child.on('message', (message) => {
    const report = message as P1Report
    if (report.type === 'done' || report.type === 'failed') outcome = report
    else if (report.type === 'input error') outcome = new InputError(report.message)
    else onReport(report)
  })
  const stop = (): void => stopP1(child)
  signal.addEventListener('abort', stop, { once: true })
  const how = await ended(child)
  // Ctrl-C reaches the whole group of processes, and the end of P1 may be heard of before the signal.
  if (how === 'SIGINT') await sleep(STOP_MS, undefined, { signal }).catch(() => {})
  signal.removeEventListener('abort', stop)
  signal.throwIfAborted()
  if (outcome instanceof InputError) throw outcome
  const message = `P1 (pid ${child.pid}) ended with ${how} before it was done`
  return outcome ?? { type: 'failed', failure: { code: 'IPC_PEER_LOST', message } }
}

/** Resolves, with how, when P1 has ended and everything that it said has come in. */
function ended(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    let how: string | undefined
    const look = (): void => {
      if (how !== undefined && !child.connected) resolve(how)
    }
    child.once('exit', (code, signal) => {
      how = signal ?? `exit code ${code}`
      look()
    })
    child.once('disconnect', look)
    child.once('error', (error) => resolve(error.message))
  })
}

/** The end of the channel tells P1 to clean up and go. */
function stopP1(child: ChildProcess): void {
  if (child.connected) child.disconnect()
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  child.once('exit', () => clearTimeout(timer))
}
