// main.ts: tasks of a pool report what they find through a ring, while they run
import { createRegion, mpscRing } from '@ipc/shm'
import { Piscina } from 'piscina'

const region = createRegion(2 ** 20)
const found = mpscRing(region, 'found', { capacityBytes: 2 ** 16, recordBytes: 4 }).consumer()

const pool = new Piscina({
  filename: new URL('./worker.js', import.meta.url).href,
  minThreads: 2,
  maxThreads: 2,
  workerData: region.buffer,
})
const tasks = [0, 1, 2, 3].map((part) => pool.run({ from: part * 10_000, to: (part + 1) * 10_000 }))

// Every square below 40 000, as soon as some thread has found it; the tasks themselves return nothing.
let sum = 0
while (found.consumed < 200) {
  await found.wait()
  found.read((bytes, start) => {
    sum += new DataView(bytes.buffer, bytes.byteOffset).getInt32(start, true)
  })
}
await Promise.all(tasks)
console.log(found.consumed, sum) // 200 2646700
await pool.destroy()
