import { parentPort } from 'node:worker_threads'
import { mq, mqProcess } from '@ipc/mq'
import { acceptOne } from './accept-one.js'
import type { Ends } from './ends.js'

/** The port between a thread and its worker. */
export const mqWorkerEnds: Ends = {
  encodes: mq().capabilities.encodes,
  connect: async ({ p2: { where } }, options) => {
    if (where.kind !== 'thread') throw new TypeError('P2 must be a thread')
    return mq().connect(where.worker, options)
  },
  accept: async (_here, options, ready) => {
    if (parentPort === null) throw new TypeError('P2 must be a thread')
    return acceptOne(await mq().listen(parentPort, options), () => ready(''))
  },
}

/** The channel between a process and its child. */
export const mqChildEnds: Ends = {
  encodes: mqProcess().capabilities.encodes,
  connect: async ({ p2: { where } }, options) => {
    if (where.kind !== 'process') throw new TypeError('P2 must be a process')
    return mqProcess().connect(where.child, options)
  },
  accept: async (_here, options, ready) =>
    acceptOne(await mqProcess().listen(process, options), () => ready('')),
}
