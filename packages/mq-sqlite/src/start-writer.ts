import { Worker } from 'node:worker_threads'
import { IpcError } from '@ipc/core'

/**
 * Start the thread that owns the database of a directory.
 *
 * @throws IpcError `IPC_PERMISSION_DENIED` where the permission model of Node.js forbids threads; `IPC_OUT_OF_MEMORY` where
 * there can be no more.
 */
export function startWriter(directory: string): Worker {
  try {
    return start(directory)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_ACCESS_DENIED') {
      const what = 'may not be started: start Node.js with --allow-worker and --allow-addons too'
      throw new IpcError('IPC_PERMISSION_DENIED', `the thread that owns the queues ${what}`, { cause })
    }
    const what = `could not be started (${cause}): end other threads, or raise what this user may have`
    throw new IpcError('IPC_OUT_OF_MEMORY', `the thread that owns the queues ${what}`, { cause })
  }
}

function start(directory: string): Worker {
  const options = { workerData: { directory }, name: 'ipc-mq-sqlite' }
  if (!import.meta.url.endsWith('.ts')) {
    const program = new URL('./writer-thread.js', import.meta.url)
    // Threads inherit the option, and no file may be run with it.
    if (!process.execArgv.some((option) => option.startsWith('--input-type')))
      return new Worker(program, options)
    return new Worker(`import(${JSON.stringify(program.href)})`, { ...options, eval: true })
  }
  // Run from its sources, as in tests of this repository. On Node.js 20 a thread does not inherit what loads TypeScript.
  const program = new URL('./writer-thread.ts', import.meta.url).href
  const loader = import.meta.resolve('tsx/esm/api')
  const boot = `import('${loader}').then(({ register }) => { register(); return import('${program}') })`
  return new Worker(`${boot}.catch((error) => { setImmediate(() => { throw error }) })`, {
    ...options,
    eval: true,
    execArgv: ['--conditions=@ipc/source'],
  })
}
