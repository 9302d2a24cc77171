import type { BenchCase, System } from '../bench-case.js'
import { type DurableTerms, durableSystem, ourDurableSystem } from './durable-system.js'
import type { DurableShape } from './shape.js'

const DISK = 'ours (SQLite, disk)'
const EVERYSEC = 'BullMQ (AOF everysec)'
const SEND: DurableShape = { work: 'send', messageBytes: 64, batch: 100, senders: 4, underWay: 2000 }
const QUEUE: DurableShape = { ...SEND, work: 'queue' }
/** As a disk that has to turn, or a network to another one. */
const SLOW_DISK = { syncDelayMs: 5 } as const

/** Queues that survive: what it costs to send, and to send and acknowledge. */
export const MQ_DURABLE_CASES: readonly BenchCase[] = [
  {
    ...caseOf('mq-durable/send/64', '64-byte messages sent by the hundred', { shape: SEND }),
    targets: [{ system: DISK, than: EVERYSEC, bound: 'at least', ratio: 5 }],
  },
  {
    ...caseOf('mq-durable/queue/64', '64-byte messages sent by the hundred and acknowledged', {
      shape: QUEUE,
    }),
    targets: [{ system: DISK, than: EVERYSEC, bound: 'at least', ratio: 4 }],
  },
  caseOf(
    'mq-durable/slow-disk/send/64',
    '64-byte messages sent by the hundred, every fsync takes 5 ms longer',
    {
      shape: SEND,
      ...SLOW_DISK,
    },
  ),
  caseOf('mq-durable/slow-disk/queue/64', 'and acknowledged, every fsync takes 5 ms longer', {
    // Or those that need some fsyncs for each message would not come to an end.
    shape: { ...QUEUE, underWay: 400 },
    ...SLOW_DISK,
  }),
]

function caseOf(name: string, about: string, terms: DurableTerms): BenchCase {
  return { name, about, systems: systemsOf(terms), reference: EVERYSEC, targets: [] }
}

function systemsOf(terms: DurableTerms): readonly System[] {
  return [
    ourDurableSystem(DISK, 'mq-durable/sqlite/disk', terms),
    ourDurableSystem('ours (SQLite, os)', 'mq-durable/sqlite/os', terms),
    ourDurableSystem('ours (JetStream file)', 'mq-durable/jetstream', terms, 'nats-server'),
    durableSystem(EVERYSEC, 'mq-durable/bullmq/everysec', terms, 'redis-server'),
    durableSystem('BullMQ (AOF always)', 'mq-durable/bullmq/always', terms, 'redis-server'),
    durableSystem('plain SQLite (FULL)', 'mq-durable/plain-sqlite/full', terms),
    durableSystem('plain SQLite (NORMAL)', 'mq-durable/plain-sqlite/normal', terms),
  ]
}
