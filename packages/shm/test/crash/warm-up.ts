import { mkdtempSync, rmSync } from 'node:fs'
import { json } from '@ipc/core'
import {
  broadcastRing,
  mpscRing,
  mutex,
  openRegion,
  removeRegion,
  semaphore,
  sharedValue,
  spscRing,
} from '@ipc/shm'

/** So that functions are not only compiled, but have seen what they are called with. */
const TIMES = 20

/**
 * Do once what all victims begin with, in the process that they are made of: what it loads, compiles and computes on first
 * use (the engine's, and the random numbers') each of them would otherwise do for itself. Leaves nothing behind.
 */
export function warmUp(): void {
  const directory = mkdtempSync('/dev/shm/ipc-crash-warm-')
  try {
    for (let time = 0; time < TIMES; time++) {
      const region = openRegion('warm', { directory, bytes: 65_536 })
      for (const makeRing of [spscRing, mpscRing, broadcastRing]) {
        const ring = makeRing(region, makeRing.name, { capacityBytes: 1024 })
        const consumer = ring.consumer()
        ring.producer().tryWrite(new Uint8Array(8))
        consumer.tryReceive()
      }
      sharedValue(region, 'value', { codec: json<number>(), maxBytes: 16 }).set(time)
      mutex(region, 'mutex').lockSync({ timeoutMs: 0 }).unlock()
      semaphore(region, 'semaphore', { permits: 1 }).tryAcquire()
      region.close()
      removeRegion('warm', { directory })
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
