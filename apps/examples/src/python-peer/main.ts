// main.ts: readings go through shared memory to a program in Python
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { openRegion, spscRing } from '@ipc/shm'

const directory = mkdtempSync(join(tmpdir(), 'ipc-example-'))
const region = openRegion('readings', { bytes: 2 ** 17, directory })
const readings = spscRing(region, 'celsius', { capacityBytes: 2 ** 14 }).producer()

const peer = new URL('./peer.py', import.meta.url).pathname
const file = join(directory, 'readings.region')
const python = promisify(execFile)('python3', [peer, file, 'celsius', '5000'])

const record = new Float64Array(1)
for (let number = 0; number < 5000; number++) {
  record[0] = 20 + (number % 2)
  // The peer polls, and so does this side: nobody has to wake anybody.
  while (!readings.tryWrite(new Uint8Array(record.buffer))) await delay(1)
}
console.log((await python).stdout.trim()) // 5000 readings, 20.5 degrees

region.close()
rmSync(directory, { recursive: true })
