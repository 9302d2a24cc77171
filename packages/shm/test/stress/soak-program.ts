import { serveVictims } from '@ipc/faults/crash'
import { work } from './soak-worker.js'

/** Makes the workers of a soak, one after the other. */
serveVictims({
  seams: { isShared: () => false },
  operations: { work: (args) => () => work(args as Parameters<typeof work>[0]) },
})
