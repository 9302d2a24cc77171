import { setTimeout as sleep } from 'node:timers/promises'
import { removeScratch } from '../scratch.js'
import { failureMessage } from './control.js'
import { type FarSide, startFar } from './far-side.js'
import type { NearJob, NearReport } from './job.js'
import { loadPair } from './pairs.js'

/** How long a far side may take to say why it ends. */
const LAST_WORDS_MS = 200

/** A process that measures: argument 1 is its job. */
const job = JSON.parse(process.argv[2]!) as NearJob

// Whoever asked is gone, and cannot clean up.
process.on('disconnect', () => {
  removeScratch(job.scratch)
  process.exit(1)
})

const report = await run()
process.removeAllListeners('disconnect')
process.send?.(report, () => process.exit())

async function run(): Promise<NearReport> {
  const fars: FarSide[] = []
  try {
    const pair = await loadPair(job.pair)
    for (let index = 0; index < (pair.fars ?? 1); index++) fars.push(startFar(pair.far, { ...job, index }))
    const figures = await pair.runNear({ ...job, fars }, job.shape)
    await Promise.all(fars.map((far) => far.ended))
    return { figures }
  } catch (error) {
    // A far side may have said why, while this one had no ear for it.
    await Promise.race([...fars.map(({ ended }) => ended), sleep(LAST_WORDS_MS)])
    const failed = fars.find(({ control }) => control.failure !== undefined)
    for (const { child, worker } of fars) {
      child?.kill('SIGKILL')
      await worker?.terminate()
    }
    return failureMessage(failed?.control.failure ?? error)
  }
}
