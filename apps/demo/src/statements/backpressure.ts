import { join } from 'node:path'
import { bytes, type Connection } from '@ipc/core'
import { net } from '@ipc/net'
import { compact, grouped } from '../figures.js'
import type { Statement } from './statement.js'

const MESSAGES = 100_000
const MESSAGE_BYTES = 256
/** What a message counts beside its size. */
const OVERHEAD_BYTES = 64
const WINDOW_BYTES = 2 ** 18
/** The receiver handles so many, then does something else for a millisecond. */
const HANDLED_AT_ONCE = 500

let accepted: Promise<Connection<Uint8Array>> | undefined

const options = { codec: bytes(), highWaterMarkBytes: WINDOW_BYTES }

/** What both processes do. None of it takes a lock. */
export const roles = {
  async listen(address: string): Promise<void> {
    const listener = await net().listen<Uint8Array>(address, options)
    accepted = listener.accept()
  },

  /** Send as fast as the link lets; how often it said to wait, and the most that it kept. */
  async flood(
    address: string,
    count: number,
  ): Promise<{ readonly waits: number; readonly mostBytes: number }> {
    const connection = await net().connect<Uint8Array>(address, options)
    const message = new Uint8Array(MESSAGE_BYTES)
    const view = new DataView(message.buffer)
    let mostBytes = 0
    for (let number = 0; number < count; number++) {
      view.setUint32(0, number)
      if (connection.send(message)) continue
      mostBytes = Math.max(mostBytes, connection.stats().bufferedBytes)
      await connection.drained()
    }
    const { congestions: waits } = connection.stats()
    await connection.close()
    return { waits, mostBytes }
  },

  /** Receive slowly: how many came, how many of them out of order, and the most that waited here. */
  async dawdle(): Promise<{ readonly came: number; readonly wrong: number; readonly mostBytes: number }> {
    const connection = await accepted!
    let came = 0
    let wrong = 0
    let mostBytes = 0
    for await (const message of connection) {
      if (new DataView(message.buffer, message.byteOffset).getUint32(0) !== came++) wrong++
      if (came % HANDLED_AT_ONCE !== 0) continue
      mostBytes = Math.max(mostBytes, connection.stats().unreadBytes)
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    return { came, wrong, mostBytes }
  },
}

export const statement: Statement = {
  number: 10,
  title: 'Message passing synchronises by itself: no lock is taken, backpressure holds the faster side back.',
  async measure({ scratch, effort, start }) {
    const receiver = await start<typeof roles>('backpressure')
    const sender = await start<typeof roles>('backpressure')
    const address = `unix:${join(scratch, 'slow.sock')}`
    const count = Math.ceil(MESSAGES * effort)
    await receiver.call('listen', address)
    const [received, sent] = await Promise.all([
      receiver.call('dawdle'),
      sender.call('flood', address, count),
    ])
    // Above the mark there is at most the message that reached it; what waits here also has to come out of the socket.
    const bound = 2 * (WINDOW_BYTES + MESSAGE_BYTES + OVERHEAD_BYTES)
    return {
      shown:
        received.came === count &&
        received.wrong === 0 &&
        sent.waits > 0 &&
        sent.mostBytes <= bound &&
        received.mostBytes <= bound,
      figure:
        `${grouped(received.came)} messages arrived in order; the sender was told to wait ${grouped(sent.waits)} times, and ` +
        `at most ${compact(sent.mostBytes)} bytes waited on its side, ${compact(received.mostBytes)} on the other one`,
      how:
        `A process sent as fast as it could to one that handles ${HANDLED_AT_ONCE} messages a millisecond at most, over a ` +
        `connection with a high-water mark of ${compact(WINDOW_BYTES)} bytes; no program of this takes a lock.`,
      measurements: [
        { metric: 'waits', subject: 'sender', value: sent.waits, unit: '' },
        { metric: 'most buffered', subject: 'sender', value: sent.mostBytes, unit: 'bytes' },
        { metric: 'most unread', subject: 'receiver', value: received.mostBytes, unit: 'bytes' },
      ],
    }
  },
}
