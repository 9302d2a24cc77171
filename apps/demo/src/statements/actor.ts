import { type ChildProcess, spawn } from 'node:child_process'
import { request } from '@ipc/core'
import { mqProcess } from '@ipc/mq'
import { entryPath } from '../entry.js'
import type { StatementId } from './index.js'

/** Functions that a process offers to whoever started it. */
// biome-ignore lint/suspicious/noExplicitAny: what the arguments are is known where the functions are.
export type Roles = Readonly<Record<string, (...args: any[]) => unknown>>

/** A process that plays the roles of a statement. */
export interface Actor<Own extends Roles> {
  readonly pid: number
  /** Has it do something; resolves with what that gives, rejects when it fails or the process ends. */
  call<Name extends keyof Own & string>(
    name: Name,
    ...args: Parameters<Own[Name]>
  ): Promise<Awaited<ReturnType<Own[Name]>>>
  /** Resolves with how the process ended. */
  readonly ended: Promise<string>
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>
}

/** Start a process that plays the roles of a statement, as `command` runs it if one is given. */
export type StartActor = <Own extends Roles>(
  statement: StatementId,
  command?: readonly string[],
) => Promise<Actor<Own>>

/** What {@link startActor} is told beside what it starts. */
export interface ActorOptions {
  /** How the program is run: `unshare --net`. */
  readonly command?: readonly string[] | undefined
  /** What the actor removes when this process dies. */
  readonly scratch?: string
  /** Called at once, before the actor is there, with what ends it. */
  readonly onSpawn?: (kill: () => Promise<void>) => void
}

/** Start an actor. What it is asked, and what it answers, goes over the channel between parent and child. */
export async function startActor<Own extends Roles>(
  statement: StatementId,
  { command = [], scratch = '', onSpawn }: ActorOptions = {},
): Promise<Actor<Own>> {
  const node = [process.execPath, ...process.execArgv, entryPath('actor'), statement, scratch]
  const [program, ...args] = [...command, ...node]
  const child = spawn(program as string, args, {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    serialization: 'advanced',
  })
  const ended = endOf(child)
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
  }
  onSpawn?.(kill)
  const gone = ended.then((how) => Promise.reject(new Error(`the process of ${statement} ended (${how})`)))
  gone.catch(() => {})
  try {
    const connection = await Promise.race([mqProcess().connect(child), gone])
    return {
      pid: child.pid as number,
      call: (name, ...called) => Promise.race([request(connection, { name, args: called }), gone]) as never,
      ended,
      kill,
    }
  } catch (cause) {
    child.kill('SIGKILL')
    throw new Error(`the process of ${statement} did not start (${await ended})`, { cause })
  }
}

/** With the last of what it complained about. */
function endOf(child: ChildProcess): Promise<string> {
  let complaint = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-500)
  })
  return new Promise((resolve) => {
    child.once('close', (code, signal) => {
      const how = signal ?? `exit code ${code}`
      resolve(complaint === '' ? how : `${how}: ${complaint.trim().replaceAll(/\s+/g, ' ')}`)
    })
    child.once('error', (error) => resolve(error.message))
  })
}
