import type { BenchCase, Target } from '../bench-case.js'
import { ourSystem, pairSystem } from '../pair/run-pair.js'
import type { QueueShape } from './queue.js'
import type { MqOneWayShape } from './shape.js'

const OURS = 'ours (worker)'
const OURS_CHILD = 'ours (child process)'
const POST = 'postMessage'
const SEND = 'process.send (advanced)'
const CHANNEL = 'BroadcastChannel'
const IN_PROCESS = 'ours (in process)'

const MIB = 2 ** 20
const SMALL = { messageBytes: 64, batch: 1, capacityBytes: MIB } as const
const LARGE = { messageBytes: 65_536, batch: 1, capacityBytes: MIB } as const
const TRIPS = { timedEvery: 1, pauseMs: 0 } as const
const QUEUE: QueueShape = { messageBytes: 64, batch: 100, underWay: 2000 }

/** Sizes of a queue: none of them is to be slower than another. */
const WAITING = [1000, 10_000, 100_000, 1_000_000] as const

/** What DESIGN.md section 10 names of these, and what we compare with beside it. */
export const MQ_CASES: readonly BenchCase[] = [
  oneWayWorker('mq/one-way/64', '64-byte messages one way to a worker thread', SMALL, [
    { system: OURS, than: POST, bound: 'at least', ratio: 3 },
  ]),
  oneWayWorker('mq/one-way/65536', '64 KiB messages one way to a worker thread', LARGE, []),
  {
    name: 'mq/child/one-way/64',
    about: '64-byte messages one way to a child process',
    systems: [
      ourSystem(OURS_CHILD, 'mq/one-way/child', bytesOf(SMALL)),
      pairSystem(SEND, 'process-send/one-way', SMALL),
    ],
    reference: SEND,
    targets: [{ system: OURS_CHILD, than: SEND, bound: 'at least', ratio: 3 }],
  },
  {
    name: 'mq/round-trip/64',
    about: '64-byte messages to a worker thread and back, one at a time',
    systems: [
      ourSystem(OURS, 'mq/round-trip/worker', TRIPS),
      pairSystem(POST, 'post-message/round-trip', TRIPS),
      pairSystem(CHANNEL, 'broadcast-channel/round-trip', TRIPS),
      pairSystem('comlink (call)', 'comlink/round-trip', TRIPS),
      pairSystem('piscina (task)', 'piscina/round-trip', TRIPS),
    ],
    reference: POST,
    targets: [{ system: OURS, than: POST, bound: 'at most', ratio: 1.2 }],
  },
  {
    name: 'mq/child/round-trip/64',
    about: '64-byte messages to a child process and back, one at a time',
    systems: [
      ourSystem(OURS_CHILD, 'mq/round-trip/child', TRIPS),
      pairSystem(SEND, 'process-send/round-trip', TRIPS),
    ],
    reference: SEND,
    targets: [],
  },
  {
    name: 'mq/queue/64',
    about:
      '64-byte messages sent to a queue by the hundred, four hundreds at a time, handled and acknowledged',
    systems: [
      ourSystem(IN_PROCESS, 'mq/queue/in-process', QUEUE),
      ourSystem('ours (in process, msgpack)', 'mq/queue/in-process', { ...QUEUE, codec: 'msgpack' }),
      ourSystem('ours (in process, loop with ack)', 'mq/queue/in-process', { ...QUEUE, consumer: 'loop' }),
      ourSystem('ours (broker in a worker)', 'mq/queue/worker', QUEUE),
      ourSystem('ours (broker in a worker, loop with ack)', 'mq/queue/worker', {
        ...QUEUE,
        consumer: 'loop',
      }),
      ourSystem('ours (broker in a child process)', 'mq/queue/child', QUEUE),
      { ...pairSystem('BullMQ (Redis in memory)', 'bullmq/queue', QUEUE), needs: 'redis-server' },
    ],
    reference: IN_PROCESS,
    targets: [],
  },
  {
    name: 'mq/queue/waiting',
    about: '64-byte messages through a queue in which so many wait already',
    systems: WAITING.map((waiting) =>
      ourSystem(waitingName(waiting), 'mq/queue/in-process', { ...QUEUE, waiting }),
    ),
    reference: waitingName(WAITING[0]),
    targets: [],
  },
]

function waitingName(waiting: number): string {
  return `ours (${waiting} waiting)`
}

function oneWayWorker(
  name: string,
  about: string,
  shape: typeof SMALL | typeof LARGE,
  targets: readonly Target[],
): BenchCase {
  return {
    name,
    about,
    systems: [
      ourSystem(OURS, 'mq/one-way/worker', bytesOf(shape)),
      ourSystem('ours (worker, structured clone)', 'mq/one-way/worker', { ...shape, codec: 'none' }),
      pairSystem(POST, 'post-message/one-way', shape),
      pairSystem(CHANNEL, 'broadcast-channel/one-way', shape),
    ],
    reference: POST,
    targets,
  }
}

function bytesOf(shape: typeof SMALL | typeof LARGE): MqOneWayShape {
  return { ...shape, codec: 'bytes' }
}
