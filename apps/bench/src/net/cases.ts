import type { BenchCase, System, Target } from '../bench-case.js'
import { ourSystem, pairSystem } from '../pair/run-pair.js'
import type { Requirement } from '../requirements.js'
import type { LinkName } from './links.js'
import type { NetShape } from './shape.js'

const OURS = 'ours (tcp)'
const OURS_TLS = 'ours (tls, secret)'
const RAW = 'raw socket (tcp)'
const RAW_TLS = 'raw socket (tls, PSK)'
const WS = 'ws'
const ZEROMQ = 'zeromq.js (tcp)'
const NODE_IPC = 'node-ipc (unix)'

const MIB = 2 ** 20
const SIZES = [64, 1024, 65_536, MIB]
/** What may be under way on a connection: our default; of many connections, in all. */
const WINDOW_BYTES = MIB
const ALL_WINDOWS_BYTES = 4 * MIB
const LEAST_WINDOW_BYTES = 65_536

/** Every system, and what it needs beside Node.js. */
const SYSTEMS: readonly (readonly [name: string, link: LinkName, needs?: Requirement])[] = [
  [OURS, 'ours/tcp'],
  ['ours (tcp, resume: false)', 'ours/tcp-no-resume'],
  ['ours (unix)', 'ours/unix'],
  [OURS_TLS, 'ours/tls'],
  [RAW, 'raw/tcp'],
  ['raw socket (unix)', 'raw/unix'],
  [RAW_TLS, 'raw/tls'],
  [ZEROMQ, 'zeromq', 'zeromq'],
  [WS, 'ws'],
  [NODE_IPC, 'node-ipc'],
  ['NATS core', 'nats', 'nats-server'],
]

type Work = 'net/one-way' | 'net/round-trip' | 'net/idle'
type Load = Pick<NetShape, 'messageBytes' | 'connections'>

/** What DESIGN.md section 10 names of these, and what we compare with beside it. */
export const NET_CASES: readonly BenchCase[] = [
  oneWay(64, 1, [atLeast(4, OURS, ZEROMQ)]),
  oneWay(1024, 1, []),
  oneWay(65_536, 1, [atLeast(0.85, OURS, RAW), atLeast(0.8, OURS_TLS, RAW_TLS)]),
  oneWay(MIB, 1, []),
  ...[16, 256].flatMap((connections) => SIZES.map((bytes) => oneWay(bytes, connections, []))),
  roundTrip(64, 1, [atMost(1.25, OURS, RAW)]),
  roundTrip(1024, 1, []),
  roundTrip(65_536, 1, []),
  roundTrip(MIB, 1, []),
  ...[16, 256].flatMap((connections) => SIZES.map((bytes) => roundTrip(bytes, connections, []))),
  {
    name: 'net/idle/256',
    about: 'memory of a connection over which nothing is said, of 256: both processes, and the parts',
    systems: systemsFor('net/idle', { messageBytes: 64, connections: 256 }),
    reference: RAW,
    targets: [],
  },
]

function oneWay(messageBytes: number, connections: number, targets: readonly Target[]): BenchCase {
  const shape = { messageBytes, connections }
  const systems = systemsFor('net/one-way', shape).filter(({ name }) => name !== tooSlowFor(shape))
  // Without messages: what is comparable is how many bytes there are.
  if (connections === 1 && messageBytes >= 65_536) {
    systems.push(pairSystem('raw stream, unread (tcp)', 'raw-stream/one-way', shape))
  }
  const about = `messages of ${sizeOf(messageBytes)} one way, ${over(connections)}`
  return { name: nameOf('net/one-way', shape), about, systems, reference: RAW, targets }
}

/** The peer that would take longer for it than a measurement may. */
function tooSlowFor({ messageBytes, connections }: Load): string | undefined {
  if (connections <= 16) return undefined
  // A kernel takes thousands of its small messages on each connection before ws notices.
  if (messageBytes < 65_536) return WS
  // It gathers a message by adding strings, and takes 13 of these in a second: 512 are under way.
  return messageBytes >= MIB ? NODE_IPC : undefined
}

function roundTrip(messageBytes: number, connections: number, targets: readonly Target[]): BenchCase {
  const shape = { messageBytes, connections }
  const about = `messages of ${sizeOf(messageBytes)} there and back, one at a time ${over(connections)}`
  const systems = systemsFor('net/round-trip', shape)
  return { name: nameOf('net/round-trip', shape), about, systems, reference: RAW, targets }
}

function systemsFor(work: Work, { messageBytes, connections }: Load): readonly System[] {
  const windowBytes = windowFor({ messageBytes, connections })

  return SYSTEMS.map(([name, link, needs]) => {
    const make = link.startsWith('ours/') ? ourSystem : pairSystem
    return { ...make(name, work, { link, messageBytes, windowBytes, connections }), needs }
  })
}

function windowFor({ messageBytes, connections }: Load): number {
  if (connections === 1) return WINDOW_BYTES
  return Math.max(ALL_WINDOWS_BYTES / connections, LEAST_WINDOW_BYTES, 2 * messageBytes)
}

function nameOf(work: Work, { messageBytes, connections }: Load): string {
  return connections === 1 ? `${work}/${messageBytes}` : `${work}/${messageBytes}/x${connections}`
}

function over(connections: number): string {
  return connections === 1 ? 'over one connection' : `over each of ${connections} connections`
}

function sizeOf(bytes: number): string {
  if (bytes >= MIB) return `${bytes / MIB} MiB`
  return bytes >= 1024 ? `${bytes / 1024} KiB` : `${bytes} bytes`
}

function atLeast(ratio: number, system: string, than: string): Target {
  return { system, than, bound: 'at least', ratio }
}

function atMost(ratio: number, system: string, than: string): Target {
  return { system, than, bound: 'at most', ratio }
}
