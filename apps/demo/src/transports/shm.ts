import { shm } from '@ipc/shm'
import { acceptOne } from './accept-one.js'
import type { Ends } from './ends.js'

/** The one name in the directory of a run; its phases follow each other. */
const NAME = 'records'

/** Named shared memory between two processes. */
export const shmEnds: Ends = {
  encodes: true,
  connect: ({ address, scratch }, options) => shm({ directory: scratch }).connect(address, options),
  accept: async ({ scratch }, options, ready) =>
    acceptOne(await shm({ directory: scratch }).listen(NAME, options), ready),
}
