import type { Phase } from '../job.js'
import type { Serialization } from '../p2-handle.js'
import type { Shape } from '../shape.js'
import type { Ends } from './ends.js'
import { processSendSerialization } from './node-process-send.js'

/** One way from P1 to P2. */
export interface DemoTransport {
  /** As `--transports` names it. */
  readonly id: string
  /** As the table names it. */
  readonly label: string
  readonly p2: 'process' | 'thread'
  /** Whether a link has to be set up, or comes with the process. */
  readonly connects: boolean
  /** The serialization of the channel of `child_process`, for transports that use it. */
  serialization?(shape: Shape, phase: Phase): Serialization
  /** Only the packages that are used are loaded. */
  load(): Promise<Ends>
}

/** The transport against which all others are compared. */
export const BASELINE_ID = 'node-process-send'

/** All transports, in the order in which they run. */
export const TRANSPORTS: readonly DemoTransport[] = [
  {
    id: 'shm',
    label: 'shm (processes)',
    p2: 'process',
    connects: true,
    load: async () => (await import('./shm.js')).shmEnds,
  },
  {
    id: 'shm-threads',
    label: 'shm (threads)',
    p2: 'thread',
    connects: true,
    load: async () => (await import('./shm-threads.js')).shmThreadsEnds,
  },
  {
    id: 'mq-worker',
    label: 'mq (worker)',
    p2: 'thread',
    connects: true,
    load: async () => (await import('./mq.js')).mqWorkerEnds,
  },
  {
    id: 'mq-child',
    label: 'mq (child)',
    p2: 'process',
    connects: true,
    serialization: () => 'advanced',
    load: async () => (await import('./mq.js')).mqChildEnds,
  },
  {
    id: 'net-unix',
    label: 'net (unix)',
    p2: 'process',
    connects: true,
    load: async () => (await import('./net.js')).netUnixEnds,
  },
  {
    id: 'net-tcp',
    label: 'net (tcp)',
    p2: 'process',
    connects: true,
    load: async () => (await import('./net.js')).netTcpEnds,
  },
  {
    id: 'node-postmessage',
    label: 'node postMessage',
    p2: 'thread',
    connects: false,
    load: async () => (await import('./node-post-message.js')).nodePostMessageEnds,
  },
  {
    id: BASELINE_ID,
    label: 'node process.send',
    p2: 'process',
    connects: false,
    serialization: (shape, phase) => processSendSerialization(shape, phase === 'blocks' || phase === 'sizes'),
    load: async () => (await import('./node-process-send.js')).nodeProcessSendEnds,
  },
]

/** The transport of this id. */
export function findTransport(id: string): DemoTransport {
  const found = TRANSPORTS.find((transport) => transport.id === id)
  if (found === undefined) throw new RangeError(`no transport ${id}`)
  return found
}
