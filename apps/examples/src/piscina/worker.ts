// worker.ts
import { attachRegion, mpscRing } from '@ipc/shm'
import { workerData } from 'piscina'

const producer = mpscRing(attachRegion(workerData as SharedArrayBuffer), 'found', {
  capacityBytes: 2 ** 16,
  recordBytes: 4,
}).producer()

// biome-ignore lint/style/noDefaultExport: what Piscina calls
export default function findSquares({ from, to }: { from: number; to: number }): void {
  const record = new Int32Array(1)
  for (let n = from; n < to; n++) {
    if (!Number.isInteger(Math.sqrt(n))) continue
    record[0] = n
    producer.writeSync(new Uint8Array(record.buffer))
  }
}
