import { parentPort, workerData } from 'node:worker_threads'
import { controlOfFar, failureMessage } from './control.js'
import type { FarJob } from './job.js'
import { loadPair } from './pairs.js'

/** The other side of a measurement: a process, with its job in argument 1, or a worker thread. */
const job = (parentPort === null ? JSON.parse(process.argv[2]!) : workerData) as FarJob
const control = controlOfFar()

if (parentPort === null) process.on('disconnect', () => process.exit(1))

try {
  const pair = await loadPair(job.pair)
  await pair.runFar({ ...job, control }, job.shape)
} catch (error) {
  control.tell(failureMessage(error))
}

// From here on nothing may keep this side alive: what a system leaves open would show.
parentPort?.close()
if (parentPort === null) {
  process.removeAllListeners('disconnect')
  process.disconnect()
}
