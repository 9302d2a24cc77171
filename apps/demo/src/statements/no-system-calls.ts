import { join } from 'node:path'
import { bytes, type Connection } from '@ipc/core'
import { net } from '@ipc/net'
import { type Consumer, openRegion, type Producer, spscRing } from '@ipc/shm'
import type { Actor } from './actor.js'
import type { Evidence, Stage, Statement } from './statement.js'
import { countSystemCalls } from './strace.js'

const MESSAGE_BYTES = 64
const RING_BYTES = 2 ** 20
/** No wait takes longer. */
const PATIENCE_MS = 20_000
/** End of the names of ways in which each message waits for its answer. */
const ECHO = 'there and back'
/** Of shared memory: what remains below this is what the engine does by itself, now and then. */
const NONE = 0.001
const ALMOST_NONE = 0.01
/** Others may disturb: the lowest of so many counts is what the path itself costs. */
const ATTEMPTS = 3

/** How long a way is measured, so that only the difference counts. */
const SHORT_SECONDS = 0.05
const LONG_SECONDS = 0.45
const LEAST_LONG_SECONDS = 0.2
/** Between two looks at the clock. */
const LOOK_AT_ONCE = 256

const message = new Uint8Array(MESSAGE_BYTES)
/** Says that no more follow. */
const end = new Uint8Array(1)

let out: Producer | undefined
let incoming: Consumer | undefined
let connection: Connection<Uint8Array> | undefined
let accepted: Promise<void> | undefined

/** What both processes do. Who sends says how many messages that were. */
export const roles = {
  openRings(directory: string, write: string, read: string): void {
    const region = openRegion('rings', { directory, bytes: 3 * RING_BYTES })
    for (const name of [write, read]) spscRing(region, name, { capacityBytes: RING_BYTES })
    out = spscRing(region, write).producer()
    incoming = spscRing(region, read).consumer()
  },

  /** Write for a time and never wait: a full ring is looked at until it is not. */
  write(seconds: number): number {
    return repeat(
      seconds,
      () => poll(() => out!.tryWrite(message)),
      () => poll(() => out!.tryWrite(end)),
    )
  },

  /** Write for a time; where the ring is full the thread sleeps. */
  writeAndSleep(seconds: number): number {
    const write = (record: Uint8Array): void => out!.writeSync(record, { timeoutMs: PATIENCE_MS })
    return repeat(
      seconds,
      () => write(message),
      () => write(end),
    )
  },

  /** Read until the end, looking at the ring all the time. */
  read(): void {
    const take = reader()
    poll(() => take())
  },

  async readInEventLoop(): Promise<void> {
    const take = reader()
    do await incoming!.wait({ timeoutMs: PATIENCE_MS })
    while (!take())
  },

  /** Write one message and look for the answer, over and over for a time. */
  ask(seconds: number): number {
    const trip = (): void => {
      poll(() => out!.tryWrite(message))
      poll(() => incoming!.read(() => {}, 1) === 1)
    }
    return repeat(seconds, trip, () => poll(() => out!.tryWrite(end)))
  },

  answer(): void {
    let length = 0
    const note = (_: Uint8Array, from: number, to: number): void => {
      length = to - from
    }
    for (;;) {
      poll(() => incoming!.read(note, 1) === 1)
      if (length === end.length) return
      poll(() => out!.tryWrite(message))
    }
  },

  async listen(address: string): Promise<string> {
    connection?.abort()
    const listener = await net().listen<Uint8Array>(address, { codec: bytes() })
    accepted = listener.accept().then(async (opened) => {
      connection = opened
      await listener.close()
    })
    return listener.address
  },

  /** Resolves when the connection is there. */
  accept: (): Promise<void> | undefined => accepted,

  async connect(address: string): Promise<void> {
    connection?.abort()
    connection = await net().connect<Uint8Array>(address, { codec: bytes() })
  },

  async send(seconds: number): Promise<number> {
    const until = performance.now() + seconds * 1000
    let count = 0
    while (count % LOOK_AT_ONCE !== 0 || performance.now() < until) {
      if (!connection!.send(message)) await connection!.drained()
      count++
    }
    connection!.send(end)
    return count
  },

  receive: (): Promise<void> => untilEnd(() => {}),

  askOverSocket(seconds: number): Promise<number> {
    const until = performance.now() + seconds * 1000
    return new Promise((resolve) => {
      let count = 0
      const stop = connection!.onMessage(() => {
        count++
        if (performance.now() < until) {
          connection!.send(message)
          return
        }
        stop()
        connection!.send(end)
        resolve(count)
      })
      connection!.send(message)
    })
  },

  answerOverSocket: (): Promise<void> => untilEnd(() => connection!.send(message)),
}

/** Until the time is over, then `last`; how often that was. */
function repeat(seconds: number, once: () => void, last: () => void): number {
  const until = performance.now() + seconds * 1000
  let count = 0
  while (count % LOOK_AT_ONCE !== 0 || performance.now() < until) {
    once()
    count++
  }
  last()
  return count
}

/** Look until it is so, without ever letting go of the core. */
function poll(isSo: () => boolean): void {
  let until = 0
  for (let looks = 1; !isSo(); looks++) {
    if (looks % 1e6 !== 0) continue
    until ||= performance.now() + PATIENCE_MS
    if (performance.now() > until) throw new Error('the other process is gone')
  }
}

/** Reads what is there; true when the end was in it. */
function reader(): () => boolean {
  let ended = false
  const listener = (_: Uint8Array, from: number, to: number): void => {
    if (to - from === end.length) ended = true
  }
  return () => {
    incoming!.read(listener)
    return ended
  }
}

/** What comes before anybody listens waits in the connection. */
function untilEnd(onReceived: () => void): Promise<void> {
  return new Promise((resolve) => {
    const stop = connection!.onMessage((received) => {
      if (received.length !== end.length) return onReceived()
      stop()
      resolve()
    })
  })
}

type Side = Actor<typeof roles>

/** One way to pass messages, for a time. */
interface Way {
  readonly subject: string
  run(near: Side, far: Side, seconds: number): Promise<number>
  /** Below this the calls count as none; absent where there have to be some. */
  readonly below?: number
}

const RING_WAYS: readonly Way[] = [
  {
    subject: 'shared memory, both spin, one way',
    below: NONE,
    run: (near, far, seconds) => both(near.call('write', seconds), far.call('read')),
  },
  {
    subject: 'shared memory, both spin, there and back',
    below: NONE,
    run: (near, far, seconds) => both(near.call('ask', seconds), far.call('answer')),
  },
  {
    subject: 'shared memory, into an event loop, one way',
    below: ALMOST_NONE,
    run: (near, far, seconds) => both(near.call('writeAndSleep', seconds), far.call('readInEventLoop')),
  },
]

function socketWays(name: string): readonly Way[] {
  return [
    {
      subject: `${name}, one way`,
      run: (near, far, seconds) => both(near.call('send', seconds), far.call('receive')),
    },
    {
      subject: `${name}, ${ECHO}`,
      run: (near, far, seconds) => both(near.call('askOverSocket', seconds), far.call('answerOverSocket')),
    },
  ]
}

async function both(sent: Promise<number>, received: Promise<void>): Promise<number> {
  const [count] = await Promise.all([sent, received])
  return count
}

export const statement: Statement = {
  number: 2,
  title:
    'Shared memory needs system calls only to be established, none afterwards; message passing needs them to pass messages.',
  async measure(stage) {
    const near = await stage.start<typeof roles>('no-system-calls')
    const far = await stage.start<typeof roles>('no-system-calls')
    await near.call('openRings', stage.scratch, 'there', 'back')
    await far.call('openRings', stage.scratch, 'back', 'there')
    const counted: { readonly way: Way; readonly perMessage: number }[] = []
    const countAll = async (ways: readonly Way[]): Promise<void> => {
      for (const way of ways) counted.push({ way, perMessage: await lowest(stage, way, near, far) })
    }
    await countAll(RING_WAYS)
    for (const [name, address] of addresses(stage)) {
      await near.call('connect', await far.call('listen', address))
      await far.call('accept')
      await countAll(socketWays(name))
    }
    return evidence(counted)
  },
}

function addresses({ scratch }: Stage): readonly (readonly [string, string])[] {
  return [
    ['message passing, Unix socket', `unix:${join(scratch, 'p2.sock')}`],
    ['message passing, TCP', 'tcp://127.0.0.1:0'],
  ]
}

function evidence(counted: readonly { readonly way: Way; readonly perMessage: number }[]): Evidence {
  const [spinning, , stream] = counted
  const echoes = counted.filter(({ way }) => way.below === undefined && way.subject.endsWith(ECHO))
  const least = Math.min(...echoes.map(({ perMessage }) => perMessage))
  return {
    shown: counted.every(({ way, perMessage }) =>
      way.below === undefined ? perMessage > 0 : perMessage < way.below,
    ),
    figure:
      `${spinning!.perMessage.toFixed(4)} calls per message while both sides spin, ${stream!.perMessage.toFixed(4)} in a ` +
      `stream into an event loop; over sockets ${least.toFixed(1)} for one message there and back`,
    how:
      'strace counted the calls of both processes and all their threads while 64-byte messages passed for a short and for a ' +
      'longer time; the difference is divided by that of the messages, so that what is done once is not in it.',
    measurements: counted.map(({ way, perMessage }) => ({
      metric: 'system calls',
      subject: way.subject,
      value: perMessage,
      unit: 'per message',
    })),
  }
}

/** Both sides together. Counted anew while others seem to have disturbed. */
async function lowest(stage: Stage, way: Way, near: Side, far: Side): Promise<number> {
  if (way.below === undefined) return slope(stage, way, near, far)
  let best = Number.POSITIVE_INFINITY
  for (let attempt = 0; attempt < ATTEMPTS && best >= way.below; attempt++) {
    best = Math.min(best, await slope(stage, way, near, far))
  }
  return best
}

async function slope(stage: Stage, way: Way, near: Side, far: Side): Promise<number> {
  // What is compiled and allocated at first is not to be counted.
  await way.run(near, far, SHORT_SECONDS)
  const count = async (seconds: number): Promise<{ readonly messages: number; readonly calls: number }> => {
    let messages = 0
    const calls = await countSystemCalls([near.pid, far.pid], stage.scratch, async () => {
      messages = await way.run(near, far, seconds)
    })
    return { messages, calls: calls.reduce((sum, own) => sum + own, 0) }
  }
  const short = await count(SHORT_SECONDS)
  const long = await count(Math.max(LEAST_LONG_SECONDS, LONG_SECONDS * stage.effort))
  return Math.max(0, (long.calls - short.calls) / (long.messages - short.messages))
}
