import { join } from 'node:path'
import { type Codec, type Connection, msgpack, struct } from '@ipc/core'
import { net } from '@ipc/net'
import { grouped } from '../figures.js'
import type { Actor } from './actor.js'
import type { Measurement, Stage, Statement } from './statement.js'

const MESSAGES = 20_000

/** Messages of fixed size. */
const FIXED = struct({ id: 'u32', price: 'f64' })

/** One kind of messages: how they become bytes, and what the one of a number is. */
interface Kind {
  readonly codec: Codec<unknown>
  message(number: number): unknown
}

const KINDS = {
  'msgpack()': {
    codec: msgpack(),
    message: (number: number) => ({
      id: number,
      text: 'é'.repeat(number % 400),
      tags: number % 2 ? ['odd'] : [],
    }),
  },
  'struct()': {
    codec: FIXED as unknown as Codec<unknown>,
    message: (number: number) => ({ id: number, price: number / 8 }),
  },
} satisfies Record<string, Kind>

/** Name of a codec. */
export type KindName = keyof typeof KINDS

/** What came in. */
export interface Incoming {
  readonly messages: number
  /** Those that were not what they had to be, at their place. */
  readonly wrong: number
  readonly shortestBytes: number
  readonly longestBytes: number
  readonly seconds: number
}

let accepted: Promise<Connection> | undefined

/** What both processes do. */
export const roles = {
  async listen(kind: KindName, address: string): Promise<string> {
    const listener = await net().listen(address, { codec: KINDS[kind].codec })
    accepted = listener.accept()
    return listener.address
  },

  async send(kind: KindName, address: string, count: number): Promise<void> {
    const { codec, message } = KINDS[kind]
    const connection = await net().connect(address, { codec })
    for (let number = 0; number < count; number++) {
      if (!connection.send(message(number))) await connection.drained()
    }
    await connection.close()
  },

  async receive(kind: KindName): Promise<Incoming> {
    const { message } = KINDS[kind]
    const connection = await accepted!
    const sizes: number[] = []
    connection.intercept((_, { bytes }) => {
      sizes.push(bytes)
      return false
    })
    let wrong = 0
    let messages = 0
    const begin = performance.now()
    for await (const incoming of connection) {
      if (JSON.stringify(incoming) !== JSON.stringify(message(messages++))) wrong++
    }
    const seconds = (performance.now() - begin) / 1000
    return { messages, wrong, seconds, shortestBytes: Math.min(...sizes), longestBytes: Math.max(...sizes) }
  },
}

type Side = Actor<typeof roles>

export const statement: Statement = {
  number: 8,
  title: 'A communication link has send and receive, for messages of variable or of fixed size.',
  async measure(stage) {
    const sender = await stage.start<typeof roles>('send-and-receive')
    const receiver = await stage.start<typeof roles>('send-and-receive')
    const variable = await pass(stage, sender, receiver, 'msgpack()')
    const fixed = await pass(stage, sender, receiver, 'struct()')
    const sent = count(stage)
    return {
      shown:
        [variable, fixed].every(({ messages, wrong }) => messages === sent && wrong === 0) &&
        variable.shortestBytes < variable.longestBytes &&
        fixed.shortestBytes === fixed.longestBytes,
      figure:
        `${grouped(variable.messages)} messages of ${variable.shortestBytes} to ${variable.longestBytes} bytes with ` +
        `msgpack(), ${grouped(fixed.messages)} of ${fixed.longestBytes} bytes each with struct(); every one as it was sent`,
      how:
        'One process sent them over a connection (a Unix socket) with send, another one received them in a loop ' +
        'and compared each with what it had to be.',
      measurements: [rate('msgpack()', variable), rate('struct()', fixed)],
    }
  },
}

function count({ effort }: Stage): number {
  return Math.ceil(MESSAGES * effort)
}

async function pass(stage: Stage, sender: Side, receiver: Side, kind: KindName): Promise<Incoming> {
  const path = join(stage.scratch, `${kind.slice(0, -2)}.sock`)
  const address = await receiver.call('listen', kind, `unix:${path}`)
  const [incoming] = await Promise.all([
    receiver.call('receive', kind),
    sender.call('send', kind, address, count(stage)),
  ])
  return incoming
}

function rate(subject: string, { messages, seconds }: Incoming): Measurement {
  return { metric: 'received', subject, value: messages / seconds, unit: 'messages per second' }
}
