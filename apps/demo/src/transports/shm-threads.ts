import { once } from 'node:events'
import { parentPort } from 'node:worker_threads'
import { createRegion, fromBuffer } from '@ipc/shm'
import type { Ends } from './ends.js'

/** Room for a ring of 1 MiB each way, as many as two processes get, and for what describes them. */
const REGION_BYTES = 2 ** 21 + 2 ** 12

/** A `SharedArrayBuffer` between two threads: P1 makes it, when it connects, and hands it over. */
export const shmThreadsEnds: Ends = {
  encodes: true,
  connect: async ({ p2: { where } }, options) => {
    if (where.kind !== 'thread') throw new TypeError('P2 must be a thread')
    const buffer = createRegion(REGION_BYTES).buffer as SharedArrayBuffer
    where.control.postMessage(buffer)
    return fromBuffer(buffer, { ...options, peer: where.worker })
  },
  accept: async ({ control }, options, ready) => {
    if (control === undefined || parentPort === null) throw new TypeError('P2 must be a thread')
    const handedOver = once(control, 'message')
    ready('')
    const [buffer] = (await handedOver) as [SharedArrayBuffer]
    return fromBuffer(buffer, { ...options, peer: parentPort })
  },
}
