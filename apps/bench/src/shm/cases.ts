import type { BenchCase, System, Target } from '../bench-case.js'
import type { OneWayShape } from '../one-way.js'
import { ourSystem, pairSystem } from '../pair/run-pair.js'
import { cOneWay, cRoundTrip } from '../peers/c-programs.js'
import type { RoundTripShape } from '../round-trip.js'
import type { SyncRoundTripShape } from './round-trip-sync.js'

const OURS = 'ours (processes)'
const OURS_THREADS = 'ours (threads)'
const RINGBUF = 'ringbuf.js (threads)'
const C_RING = 'C ring (processes)'
const C_SPIN = 'C spin'
const C_FUTEX = 'C futex'
const SOCKET = 'Unix socket'

const MIB = 2 ** 20

/** What DESIGN.md section 10 names of these, and what we compare with beside it. */
export const SHM_CASES: readonly BenchCase[] = [
  oneWay(
    'shm/one-way/64/each',
    '64-byte messages, each made visible by itself',
    { messageBytes: 64, batch: 1, capacityBytes: MIB },
    [atLeast(3, RINGBUF), atLeast(0.1, C_RING)],
  ),
  oneWay(
    'shm/one-way/64/batch32',
    '64-byte messages, made visible in batches of 32',
    { messageBytes: 64, batch: 32, capacityBytes: MIB },
    [atLeast(7, RINGBUF), atLeast(0.15, C_RING)],
  ),
  oneWay(
    'shm/one-way/1024/each',
    'messages of 1 KiB, each made visible by itself',
    { messageBytes: 1024, batch: 1, capacityBytes: 4 * MIB },
    [],
  ),
  oneWay(
    'shm/one-way/65536/each',
    'messages of 64 KiB, each made visible by itself',
    { messageBytes: 65536, batch: 1, capacityBytes: 4 * MIB },
    [atLeast(15, RINGBUF), atLeast(0.7, C_RING)],
  ),
  {
    name: 'shm/mpsc/64',
    about: '64-byte messages of two producers to one consumer, each made visible by itself',
    systems: [ourSystem(OURS, 'shm/fan-in', { messageBytes: 64, batch: 1, capacityBytes: MIB })],
    reference: undefined,
    targets: [],
  },
  ...roundTrips(),
]

function oneWay(name: string, about: string, shape: OneWayShape, targets: readonly Target[]): BenchCase {
  const systems: System[] = [
    ourSystem(OURS, 'shm/one-way/processes', shape),
    ourSystem(OURS_THREADS, 'shm/one-way/threads', shape),
    pairSystem(RINGBUF, 'ringbuf/one-way', shape),
    cOneWay(C_RING, shape),
    pairSystem('node postMessage', 'post-message/one-way', shape),
  ]
  // It has no batches.
  if (shape.batch === 1) systems.push(pairSystem('node process.send', 'process-send/one-way', shape))
  return { name, about, systems, reference: RINGBUF, targets }
}

function roundTrips(): BenchCase[] {
  const each: RoundTripShape = { timedEvery: 1, pauseMs: 0 }
  const sampled: RoundTripShape = { timedEvery: 16, pauseMs: 0 }
  const rested: RoundTripShape = { timedEvery: 1, pauseMs: 5 }
  return [
    syncRoundTrip('shm/round-trip/spin', 'there and back, both threads spin', 'spin', sampled, [
      atMost(1.3, C_SPIN),
    ]),
    syncRoundTrip('shm/round-trip/blocking', 'there and back, both threads block', 'block', each, [
      atMost(1.5, C_FUTEX),
    ]),
    syncRoundTrip(
      'shm/round-trip/blocking-parked',
      'the same after a rest of 5 ms: both sleep',
      'block',
      rested,
      [],
    ),
    asyncRoundTrip('shm/round-trip/async', 'there and back, both event loops go on', each, [
      atMost(0.2, SOCKET),
    ]),
    asyncRoundTrip('shm/round-trip/async-parked', 'the same after a rest of 5 ms: both sleep', rested, [
      atMost(1.1, SOCKET),
    ]),
  ]
}

function syncRoundTrip(
  name: string,
  about: string,
  strategy: 'spin' | 'block',
  shape: RoundTripShape,
  targets: readonly Target[],
): BenchCase {
  const ours: SyncRoundTripShape = { ...shape, strategy }
  const reference = strategy === 'spin' ? C_SPIN : C_FUTEX
  const c = cRoundTrip(reference, strategy === 'spin' ? 'spin' : 'futex', shape)
  return { name, about, systems: [ourSystem(OURS, 'shm/round-trip/sync', ours), c], reference, targets }
}

function asyncRoundTrip(
  name: string,
  about: string,
  shape: RoundTripShape,
  targets: readonly Target[],
): BenchCase {
  const systems = [
    ourSystem(OURS, 'shm/round-trip/async', shape),
    ourSystem('shm() connection', 'shm/round-trip/connection', shape),
    pairSystem(SOCKET, 'unix-socket/round-trip', shape),
  ]
  return { name, about, systems, reference: SOCKET, targets }
}

function atLeast(ratio: number, than: string): Target {
  return { system: OURS, than, bound: 'at least', ratio }
}

function atMost(ratio: number, than: string): Target {
  return { system: OURS, than, bound: 'at most', ratio }
}
