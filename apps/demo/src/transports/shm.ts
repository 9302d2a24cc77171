import { shm } from '@ipc/shm'
import { acceptOne } from './accept-one.js'
import type { Ends } from './ends.js'

/** Named shared memory between two processes. */
export const shmEnds: Ends = {
  encodes: true,
  connect: (_p2, address, options) => shm().connect(address, options),
  accept: async (_here, options, ready) =>
    acceptOne(await shm().listen(`demo-${process.pid}`, options), ready),
}
