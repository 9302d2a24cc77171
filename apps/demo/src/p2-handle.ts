import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import { IpcError } from '@ipc/core'
import { entryPath } from './entry.js'
import type { Failure, P2Job, P2Report } from './job.js'

/** A running P2, as P1 sees it. */
export interface P2Handle {
  readonly where: P2Where
  /** Resolves when it has ended and all its reports have come in. */
  readonly ended: Promise<P2End>
  /** Why it gave up, if it said so. */
  readonly failure: Failure | undefined
  /** The report of this type. Rejects when P2 ends without it. */
  report<Type extends P2Report['type']>(type: Type): Promise<Extract<P2Report, { type: Type }>>
  kill(): void
}

/** How P2 ended, and when on this side's clock. */
export interface P2End {
  readonly how: string
  readonly at: number
}

/** Where P2 runs. */
export type P2Where =
  | { readonly kind: 'process'; readonly child: ChildProcess }
  | { readonly kind: 'thread'; readonly worker: Worker; readonly control: MessagePort }

/** How the values are written that travel by the channel of `child_process`. */
export type Serialization = 'json' | 'advanced'

/**
 * Start P2 as a process.
 *
 * Its reports come by its standard output, as lines of JSON, so that the link under test stays free of them; it ends
 * when its standard input does. `channel`: give it the channel of `child_process` too.
 */
export function startP2Process(job: P2Job, channel: Serialization | undefined): P2Handle {
  const program = [...process.execArgv, entryPath('p2'), JSON.stringify(job)]
  const child = spawn(process.execPath, program, {
    stdio: channel === undefined ? ['pipe', 'pipe', 'inherit'] : ['pipe', 'pipe', 'inherit', 'ipc'],
    ...(channel === undefined ? {} : { serialization: channel }),
  })
  const ended = new Promise<P2End>((resolve) => {
    let end: P2End | undefined
    child.once('exit', (code, signal) => {
      end = endedNow(signal ?? `exit code ${code}`)
    })
    // What it wrote may come in after its exit.
    child.once('close', () => resolve(end ?? endedNow('an end unseen')))
    child.once('error', (error) => resolve(endedNow(error.message)))
  })
  // Writing to a process that has just died.
  child.stdin?.on('error', () => {})
  const where: P2Where = { kind: 'process', child }
  const handle = new ReportingP2(where, ended, () => child.kill('SIGKILL'))
  createInterface({ input: child.stdout! }).on('line', (line) => handle.take(JSON.parse(line)))
  return handle
}

/** Start P2 as a thread of this process. Its reports come by a port of their own. */
export function startP2Thread(job: P2Job): P2Handle {
  const { port1: control, port2: theirs } = new MessageChannel()
  const worker = new Worker(entryPath('p2-worker'), {
    workerData: { job, control: theirs },
    transferList: [theirs],
  })
  const closed = new Promise<void>((resolve) => control.once('close', resolve))
  const ended = new Promise<P2End>((resolve) => {
    worker.once('error', (error) => resolve(endedNow(error.message)))
    worker.once('exit', (code) => {
      const end = endedNow(`exit code ${code}`)
      // What it sent by another port than its own may come in after its exit.
      void closed.then(() => resolve(end))
    })
  })
  const where: P2Where = { kind: 'thread', worker, control }
  const handle = new ReportingP2(where, ended, () => void worker.terminate())
  control.on('message', (report) => handle.take(report))
  return handle
}

/** The error for what P2 says went wrong on its side. */
export function failureError({ code, message }: Failure): Error {
  return code === undefined ? new Error(`P2: ${message}`) : new IpcError(code, `P2: ${message}`)
}

function endedNow(how: string): P2End {
  return { how, at: performance.now() }
}

class ReportingP2 implements P2Handle {
  readonly where: P2Where
  readonly ended: Promise<P2End>
  readonly kill: () => void
  failure: Failure | undefined
  readonly #reports: P2Report[] = []
  #arrived: () => void = () => {}

  constructor(where: P2Where, ended: Promise<P2End>, kill: () => void) {
    this.where = where
    this.ended = ended
    this.kill = kill
  }

  take(report: P2Report): void {
    if (report.type === 'failed') this.failure = report.failure
    this.#reports.push(report)
    this.#arrived()
  }

  async report<Type extends P2Report['type']>(type: Type): Promise<Extract<P2Report, { type: Type }>> {
    let how: string | undefined
    void this.ended.then((end) => {
      how = end.how
      this.#arrived()
    })
    while (true) {
      const found = this.#reports.find((report) => report.type === type)
      if (found !== undefined) return found as Extract<P2Report, { type: Type }>
      if (this.failure !== undefined) throw failureError(this.failure)
      if (how !== undefined) throw new IpcError('IPC_PEER_LOST', `P2 ended (${how}) before it was ${type}`)
      await new Promise<void>((resolve) => {
        this.#arrived = resolve
      })
    }
  }
}
