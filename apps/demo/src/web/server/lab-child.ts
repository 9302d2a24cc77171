import { type ChildProcess, fork } from 'node:child_process'
import { type Connection, request } from '@ipc/core'
import { mqProcess } from '@ipc/mq'
import { entryPath } from '../../entry.js'
import type { Job, News, Order, Role } from '../processes/orders.js'

/** How long a process may take to answer: one that does not is as good as dead. */
const PATIENCE_MS = 20_000

/** A process of the lab, as its supervisor sees it. */
export interface LabChild {
  readonly pid: number
  /** Resolves with how it ended, when it has. */
  readonly ended: Promise<string>
  /** Give an order; resolves to the report that answers it, or to `undefined` when the process is gone before. */
  ask<Report>(order: Order): Promise<Report | undefined>
  /** SIGKILL. */
  kill(): void
  /** End it: it has nothing to finish. Resolves when it is gone. */
  end(): Promise<void>
}

/**
 * Start a process of the lab. Resolves when it answers.
 *
 * @param onNews - Hears what it says unasked.
 * @throws IpcError `IPC_CONNECT_FAILED`, `IPC_TIMEOUT`; it is gone then.
 */
export async function startChild(role: Role, job: Job, onNews: (news: News) => void): Promise<LabChild> {
  const child = fork(entryPath('lab-process'), [role, JSON.stringify(job)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    serialization: 'advanced',
  })
  const ended = endOf(child)
  try {
    const connection = await mqProcess().connect<unknown, unknown>(child, { timeoutMs: PATIENCE_MS })
    connection.onMessage((news) => onNews(news as News))
    const started = new RunningChild(child, ended, connection)
    await request(connection, { type: 'report' } satisfies Order, { timeoutMs: PATIENCE_MS })
    return started
  } catch (error) {
    child.kill('SIGKILL')
    await ended
    throw error
  }
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`))
    child.once('error', (error) => resolve(error.message))
  })
}

class RunningChild implements LabChild {
  readonly pid: number
  readonly ended: Promise<string>
  readonly #child: ChildProcess
  readonly #connection: Connection

  constructor(child: ChildProcess, ended: Promise<string>, connection: Connection) {
    this.pid = child.pid!
    this.ended = ended
    this.#child = child
    this.#connection = connection
  }

  async ask<Report>(order: Order): Promise<Report | undefined> {
    try {
      return await request<Report>(this.#connection, order, { timeoutMs: PATIENCE_MS })
    } catch (error) {
      if (this.#connection.status === 'open') throw error
      return undefined
    }
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  async end(): Promise<void> {
    // The end of the connection tells it to go.
    this.#connection.close().catch(() => {})
    const timer = setTimeout(() => this.kill(), PATIENCE_MS)
    await this.ended
    clearTimeout(timer)
  }
}
