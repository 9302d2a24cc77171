// worker.ts
import { parentPort, workerData } from 'node:worker_threads'
import { serve } from '@ipc/core'
import { fromBuffer } from '@ipc/shm'

const connection = await fromBuffer(workerData, { peer: parentPort ?? undefined })
serve(connection, (body) => countPrimes((body as { below: number }).below))

function countPrimes(below: number): number {
  const composite = new Uint8Array(below)
  let count = 0
  for (let n = 2; n < below; n++) {
    if (composite[n]) continue
    count++
    for (let multiple = n * n; multiple < below; multiple += n) composite[multiple] = 1
  }
  return count
}
