import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import type { P2Job } from './job.js'
import { runP2 } from './p2-side.js'

const { job, control } = workerData as { readonly job: P2Job; readonly control: MessagePort }

await runP2(job, control, (report) => control.postMessage(report))

// From here on nothing may keep this thread alive: a transport that leaves something open would show.
control.close()
parentPort?.close()
