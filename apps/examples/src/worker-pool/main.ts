// main.ts: a pool of threads that are asked through shared memory
import { Worker } from 'node:worker_threads'
import { request } from '@ipc/core'
import { createRegion, fromBuffer } from '@ipc/shm'

const THREADS = 2

async function startThread() {
  const region = createRegion(2 ** 22)
  const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: region.buffer })
  return fromBuffer(region.buffer as SharedArrayBuffer, { peer: worker })
}

const threads = await Promise.all(Array.from({ length: THREADS }, startThread))

// Each thread takes the next number as soon as it is done with its last one.
const numbers = [10_000, 20_000, 30_000, 40_000, 50_000]
const primesBelow = new Map<number, number>()
await Promise.all(
  threads.map(async (thread) => {
    for (let below = numbers.pop(); below !== undefined; below = numbers.pop()) {
      primesBelow.set(below, await request<number>(thread, { below }, { timeoutMs: 60_000 }))
    }
  }),
)
console.log(primesBelow.get(10_000), primesBelow.get(50_000), primesBelow.size) // 1229 5133 5

await Promise.all(threads.map((thread) => thread.close())) // the threads have nothing left to do, and end
