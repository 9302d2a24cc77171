import type { Pair } from './pair.js'

/** Every pair of sides, loaded only by those who are one. */
const PAIRS = {
  'shm/one-way/processes': async () => (await import('../shm/one-way.js')).oneWayProcesses,
  'shm/one-way/threads': async () => (await import('../shm/one-way.js')).oneWayThreads,
  'shm/fan-in': async () => (await import('../shm/fan-in.js')).fanIn,
  'shm/round-trip/sync': async () => (await import('../shm/round-trip-sync.js')).roundTripSync,
  'shm/round-trip/async': async () => (await import('../shm/round-trip-async.js')).roundTripAsync,
  'shm/round-trip/connection': async () =>
    (await import('../shm/round-trip-connection.js')).roundTripConnection,
  'ringbuf/one-way': async () => (await import('../peers/ringbuf.js')).ringbufOneWay,
  'post-message/one-way': async () => (await import('../peers/post-message.js')).postMessageOneWay,
  'process-send/one-way': async () => (await import('../peers/process-send.js')).processSendOneWay,
  'net/one-way': async () => (await import('../net/one-way.js')).netOneWay,
  'net/round-trip': async () => (await import('../net/round-trip.js')).netRoundTrip,
  'net/idle': async () => (await import('../net/idle-memory.js')).netIdleMemory,
  'raw-stream/one-way': async () => (await import('../peers/raw-stream.js')).rawStream,
  'mq/one-way/worker': async () => (await import('../mq/one-way.js')).mqOneWayWorker,
  'mq/one-way/child': async () => (await import('../mq/one-way.js')).mqOneWayChild,
  'mq/round-trip/worker': async () => (await import('../mq/round-trip.js')).mqRoundTripWorker,
  'mq/round-trip/child': async () => (await import('../mq/round-trip.js')).mqRoundTripChild,
  'mq/queue/in-process': async () => (await import('../mq/queue.js')).queueInProcess,
  'mq/queue/worker': async () => (await import('../mq/queue.js')).queueOverWorker,
  'mq/queue/child': async () => (await import('../mq/queue.js')).queueOverChild,
  'post-message/round-trip': async () => (await import('../peers/node-round-trip.js')).postMessageRoundTrip,
  'process-send/round-trip': async () => (await import('../peers/node-round-trip.js')).processSendRoundTrip,
  'broadcast-channel/one-way': async () =>
    (await import('../peers/broadcast-channel.js')).broadcastChannelOneWay,
  'broadcast-channel/round-trip': async () =>
    (await import('../peers/broadcast-channel.js')).broadcastChannelRoundTrip,
  'comlink/round-trip': async () => (await import('../peers/comlink.js')).comlinkRoundTrip,
  'piscina/round-trip': async () => (await import('../peers/piscina.js')).piscinaRoundTrip,
  'bullmq/queue': async () => (await import('../peers/bullmq.js')).bullmqQueue,
  'mq-durable/sqlite/disk': async () => (await import('../mq-durable/sqlite.js')).sqliteDisk,
  'mq-durable/sqlite/os': async () => (await import('../mq-durable/sqlite.js')).sqliteOs,
  'mq-durable/jetstream': async () => (await import('../mq-durable/jetstream.js')).jetstreamFile,
  'mq-durable/bullmq/everysec': async () => (await import('../peers/bullmq-durable.js')).bullmqEverysec,
  'mq-durable/bullmq/always': async () => (await import('../peers/bullmq-durable.js')).bullmqAlways,
  'mq-durable/plain-sqlite/full': async () => (await import('../peers/plain-sqlite.js')).plainSqliteFull,
  'mq-durable/plain-sqlite/normal': async () => (await import('../peers/plain-sqlite.js')).plainSqliteNormal,
  'unix-socket/round-trip': async () => (await import('../peers/unix-socket.js')).unixSocketRoundTrip,
} satisfies Readonly<Record<string, () => Promise<Pair<never>>>>

/** Names a pair of sides. */
export type PairName = keyof typeof PAIRS

/** The pair of that name. What shape it takes is between it and the case that names it. */
export async function loadPair(name: PairName): Promise<Pair<unknown>> {
  return PAIRS[name]() as Promise<Pair<never>> as Promise<Pair<unknown>>
}
