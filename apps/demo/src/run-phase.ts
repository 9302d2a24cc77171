import { setTimeout as sleep } from 'node:timers/promises'
import { IpcError, isIpcError } from '@ipc/core'
import { connectionOptions } from './connection-options.js'
import type { P2Job } from './job.js'
import type { Link } from './link.js'
import type { Usage } from './measure.js'
import { failureError, type P2Handle, startP2Process, startP2Thread } from './p2-handle.js'
import type { Received } from './sink.js'
import { findTransport } from './transports/index.js'

/** How long a transport may take to notice that P2 is gone, and P2 to end after its work. No run waits longer. */
const PATIENCE_MS = 5000

/** What a phase does with its open link. */
export interface OpenPhase {
  readonly p2: P2Handle
  readonly link: Link
  /** Time from connect to open. */
  readonly setUpMs: number
  /** Close the link and wait until P2 says what it received. */
  confirmed(): Promise<{ readonly received: Received; readonly usage: Usage }>
}

/** Run one phase: start a P2, connect, do `work`, and see P2 off. */
export async function runPhase<Result>(
  job: P2Job,
  started: (p2: P2Handle) => void,
  work: (open: OpenPhase) => Promise<Result>,
): Promise<Result> {
  const transport = findTransport(job.transport)
  const p2 =
    transport.p2 === 'thread'
      ? startP2Thread(job)
      : startP2Process(job, transport.serialization?.(job.shape, job.phase))
  started(p2)
  try {
    const result = await Promise.race([connectAndWork(job, p2, work), unnoticed(p2)])
    await inTime(p2.ended, 'P2 did not end after its work')
    return result
  } catch (error) {
    throw await explained(p2, error)
  } finally {
    p2.kill()
    await p2.ended
  }
}

async function connectAndWork<Result>(
  job: P2Job,
  p2: P2Handle,
  work: (open: OpenPhase) => Promise<Result>,
): Promise<Result> {
  const ends = await findTransport(job.transport).load()
  const options = connectionOptions(job.shape, job.phase, ends.encodes)
  const { address } = await p2.report('ready')
  const start = performance.now()
  const link = await ends.connect({ p2, address, scratch: job.scratch }, options)
  const setUpMs = performance.now() - start
  try {
    return await work({
      p2,
      link,
      setUpMs,
      confirmed: async () => {
        await link.close()
        return p2.report('received')
      },
    })
  } catch (error) {
    link.abort(error)
    throw error
  }
}

/** Rejects when P2 has been gone for a while, and nothing here has failed of it. */
async function unnoticed(p2: P2Handle): Promise<never> {
  const { how } = await p2.ended
  await sleep(PATIENCE_MS, undefined, { ref: false })
  throw new Error(`P2 ended (${how}), and this side did not notice within ${PATIENCE_MS} ms`)
}

async function inTime(promise: Promise<unknown>, otherwise: string): Promise<void> {
  const late = sleep(PATIENCE_MS, 'late', { ref: false })
  if ((await Promise.race([promise, late])) === 'late')
    throw new Error(`${otherwise} within ${PATIENCE_MS} ms`)
}

/** The error of this side says that the link ended; what became of P2, and what it said, says why. */
async function explained(p2: P2Handle, error: unknown): Promise<Error> {
  const noticed = performance.now()
  // A P2 that gave up says so, and ends: both are under way.
  const ended = await Promise.race([p2.ended, sleep(500, undefined, { ref: false })])
  const { failure } = p2
  if (failure !== undefined && isConsequence(error) && !CONSEQUENCES.has(failure.code ?? '')) {
    return failureError(failure)
  }
  if (!isIpcError(error) || !ENDS.has(error.code) || ended === undefined) return error as Error
  const name = p2.where.kind === 'process' ? `P2 (pid ${p2.where.child.pid})` : 'P2 (a thread)'
  const laterMs = Math.max(0, Math.round(noticed - ended.at))
  return new IpcError(
    error.code,
    `${name} ended with ${ended.how}, noticed ${laterMs} ms later: ${error.message}`,
    {
      cause: error,
    },
  )
}

/** What a side sees when the other one has ended. */
const ENDS: ReadonlySet<string> = new Set(['IPC_PEER_LOST', 'IPC_CONNECT_FAILED'])

/** What a side sees when the other one has given up. */
const CONSEQUENCES: ReadonlySet<string> = new Set(['IPC_PEER_LOST', 'IPC_ABORTED', 'IPC_CLOSED'])

function isConsequence(error: unknown): boolean {
  return isIpcError(error) && CONSEQUENCES.has(error.code)
}
