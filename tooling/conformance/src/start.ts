import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { type Control, childControl, portControl } from './control.js'
import { PACKAGES_CONDITION } from './packages-condition.js'

/** Options of {@link startProcess} and {@link startWorker}. */
export interface StartOptions {
  readonly args?: readonly string[]
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>
}

/** A program that runs beside this one. */
export interface Started {
  readonly control: Control
  /** End it at once, with no warning; resolves when it is gone. */
  kill(): Promise<void>
}

/** A program in a process of its own. */
export interface StartedProcess extends Started {
  readonly child: ChildProcess
}

/** A program in a worker thread. */
export interface StartedWorker extends Started {
  readonly worker: Worker
}

/**
 * Run a TypeScript file in a process of its own; resolves when its `hostRemotes` is there.
 *
 * @throws Error with what it wrote to stderr when it dies before that.
 */
export async function startProcess(file: URL, options: StartOptions = {}): Promise<StartedProcess> {
  const child = fork(file, options.args ?? [], {
    execArgv: ['--import', import.meta.resolve('tsx'), PACKAGES_CONDITION],
    env: { ...process.env, ...options.env },
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  })
  let complaints = ''
  let running = false
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-10_000)
    if (running) process.stderr.write(text)
  })
  const control = childControl(child, () => complaints || 'nothing on stderr')
  await ready(control)
  running = true
  // Not 'exit': between it and the end of the control, `createPeers` would give the dead process to the next test.
  const gone = new Promise<void>((resolve) => control.onEnd(() => resolve()))
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await gone
  }
  return { child, control, kill }
}

/**
 * Run a TypeScript file in a worker thread; resolves when its `hostRemotes` is there.
 *
 * @param workerData - What the file finds in `workerData`.
 */
export async function startWorker(
  file: URL,
  workerData: unknown = undefined,
  options: StartOptions = {},
): Promise<StartedWorker> {
  // On Node 20 `--import` does not give a worker the loader; a program that registers it first does.
  const boot = `import('${import.meta.resolve('tsx/esm/api')}').then(({ register }) => { register(); return import('${file.href}') })
    .catch((error) => { setImmediate(() => { throw error }) })`
  const worker = new Worker(boot, {
    eval: true,
    argv: [fileURLToPath(file), ...(options.args ?? [])],
    execArgv: [PACKAGES_CONDITION],
    env: { ...process.env, ...options.env },
    workerData,
  })
  const control = portControl(worker)
  await ready(control)
  const kill = async (): Promise<void> => {
    await worker.terminate()
  }
  return { worker, control, kill }
}

function ready(control: Control): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = control.onMessage((message) => {
      if (message.ipcConformance !== 'ready') return
      stop()
      resolve()
    })
    control.onEnd(reject)
  })
}
