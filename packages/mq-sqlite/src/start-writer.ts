import { Worker } from 'node:worker_threads'

/** Start the thread that owns the database of a directory. */
export function startWriter(directory: string): Worker {
  const options = { workerData: { directory }, name: 'ipc-mq-sqlite' }
  if (!import.meta.url.endsWith('.ts'))
    return new Worker(new URL('./writer-thread.js', import.meta.url), options)
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
