import { type ChildProcess, fork } from 'node:child_process'
import { Worker } from 'node:worker_threads'
import { Control } from './control.js'
import { entryPath } from './entry.js'
import type { FarJob } from './job.js'

/** A far side, as the near one sees it. */
export interface FarSide {
  readonly control: Control
  /** Resolves when it has ended. */
  readonly ended: Promise<void>
  /** Only one of them is there. */
  readonly child: ChildProcess | undefined
  readonly worker: Worker | undefined
}

/** Start a far side. */
export function startFar(where: 'process' | 'thread', job: FarJob): FarSide {
  return where === 'process' ? startProcess(job) : startThread(job)
}

function startProcess(job: FarJob): FarSide {
  const child = fork(entryPath('far'), [JSON.stringify(job)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    serialization: 'advanced',
  })
  const control = new Control((message) => void child.send(message as object))
  child.on('message', (message) => control.take(message))
  const ended = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      control.lose(new Error(`the far side ended (${signal ?? `exit code ${code}`})`))
      resolve()
    })
  })
  return { control, ended, child, worker: undefined }
}

function startThread(job: FarJob): FarSide {
  const worker = new Worker(entryPath('far'), { workerData: job })
  const control = new Control((message) => worker.postMessage(message))
  worker.on('message', (message) => control.take(message))
  worker.once('error', (error) => control.lose(error instanceof Error ? error : new Error(String(error))))
  const ended = new Promise<void>((resolve) => {
    worker.once('exit', (code) => {
      control.lose(new Error(`the far side ended (exit code ${code})`))
      resolve()
    })
  })
  return { control, ended, child: undefined, worker }
}
