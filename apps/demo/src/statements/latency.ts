import { createServer, connect as dial, type Socket } from 'node:net'
import { bytes, type Connection } from '@ipc/core'
import { net } from '@ipc/net'
import { compact, grouped, threeDigits } from '../figures.js'
import type { Statement } from './statement.js'

/** There and back together. */
const DELAY_MS = 50
const MESSAGE_BYTES = 256
/** What may be under way: enough for what the link carries within the delay. */
const WINDOW_BYTES = 32 * 2 ** 20
const SECONDS = 1.5
/** A stream that is not much longer than the delay shows nothing. */
const LEAST_SECONDS = 0.6
const ASKED = 10
/** The rate that has to be left, as a part of the one without a delay. */
const KEPT = 0.5

const options = { codec: bytes({ views: true }), highWaterMarkBytes: WINDOW_BYTES }

let connection: Connection<Uint8Array> | undefined
let delayMs = 0

/** What the processes do: a receiver, a network between, and a sender. */
export const roles = {
  /** Count what comes in; a message of one byte asks for the count. */
  async listen(): Promise<string> {
    const listener = await net().listen<Uint8Array>('tcp://127.0.0.1:0', options)
    void listener.accept().then((accepted) => {
      let count = 0
      accepted.onMessage((message) => {
        if (message.length > 1) return void count++
        accepted.send(new Uint8Array(Uint32Array.of(count).buffer))
      })
    })
    return listener.address
  },

  /** Pass on what comes in, each piece as long after it came as the delay is, in both directions. */
  async delay(address: string): Promise<string> {
    const { hostname, port } = new URL(address.replace('tcp:', 'http:'))
    const server = createServer((near) => {
      const far = dial({ host: hostname, port: Number(port), noDelay: true })
      near.setNoDelay(true)
      passOn(near, far)
      passOn(far, near)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port: own } = server.address() as { readonly port: number }
    return `tcp://127.0.0.1:${own}`
  },

  /** From now on, each way. */
  setDelay(eachWayMs: number): void {
    delayMs = eachWayMs
  },

  async connect(address: string): Promise<void> {
    connection = await net().connect<Uint8Array>(address, options)
  },

  /** Stream for a time; the rate, until the receiver has confirmed the last message. */
  async stream(seconds: number): Promise<number> {
    const message = new Uint8Array(MESSAGE_BYTES)
    const before = await roles.count()
    const begin = performance.now()
    let sent = 0
    while ((sent & 63) !== 0 || performance.now() < begin + seconds * 1000) {
      sent++
      if (!connection!.send(message)) await connection!.drained()
      else if ((sent & 1023) === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    const arrived = (await roles.count()) - before
    if (arrived !== sent) throw new Error(`${sent} messages were sent, ${arrived} arrived`)
    return sent / ((performance.now() - begin) / 1000)
  },

  /** Ask and wait for the answer, one after the other; the rate. */
  async ask(times: number): Promise<number> {
    const begin = performance.now()
    for (let i = 0; i < times; i++) await roles.count()
    return times / ((performance.now() - begin) / 1000)
  },

  /** How many messages the receiver has. */
  count(): Promise<number> {
    return new Promise((resolve) => {
      const stop = connection!.onMessage((answer) => {
        stop()
        resolve(new DataView(answer.buffer, answer.byteOffset).getUint32(0, true))
      })
      connection!.send(new Uint8Array(1))
    })
  },
}

/** One timer for each turn is enough: nothing overtakes. */
function passOn(from: Socket, to: Socket): void {
  from.on('data', (piece: Buffer) => {
    if (delayMs === 0) to.write(piece)
    else setTimeout(() => to.write(piece), delayMs)
  })
  from.on('error', () => to.destroy())
  from.on('close', () => to.destroy())
}

export const statement: Statement = {
  number: 12,
  title:
    'Message passing tolerates latency: by pipelining, the throughput stays although each message takes longer.',
  isOfSpeed: true,
  async measure({ effort, start }) {
    const [receiver, network, sender] = await Promise.all([
      start<typeof roles>('latency'),
      start<typeof roles>('latency'),
      start<typeof roles>('latency'),
    ])
    const address = await network.call('delay', await receiver.call('listen'))
    await sender.call('connect', address)
    const seconds = Math.max(LEAST_SECONDS, SECONDS * effort)
    // So that machine code is there for what counts.
    await sender.call('stream', seconds / 3)
    const near = await sender.call('stream', seconds)
    await network.call('setDelay', DELAY_MS / 2)
    const far = await sender.call('stream', seconds)
    const oneByOne = await sender.call('ask', Math.ceil(ASKED * effort))
    const kept = far / near
    return {
      shown: kept >= KEPT && far > 100 * oneByOne && oneByOne < 1000 / DELAY_MS,
      figure:
        `with ${DELAY_MS} ms of delay ${compact(far)} messages/s, ${Math.round(kept * 100)} % of the ${compact(near)} without; ` +
        `${threeDigits(oneByOne)}/s when each waits for its answer`,
      how:
        `A process sent messages of ${MESSAGE_BYTES} bytes over TCP through another one that passes everything on ${DELAY_MS / 2} ms ` +
        `later each way, with ${grouped(WINDOW_BYTES / 2 ** 20)} MiB allowed to be under way.`,
      measurements: [
        { metric: 'streamed', subject: 'without delay', value: near, unit: 'messages per second' },
        { metric: 'streamed', subject: `${DELAY_MS} ms of delay`, value: far, unit: 'messages per second' },
        {
          metric: 'one by one',
          subject: `${DELAY_MS} ms of delay`,
          value: oneByOne,
          unit: 'messages per second',
        },
      ],
    }
  },
}
