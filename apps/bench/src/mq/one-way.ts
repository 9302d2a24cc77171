import { Check, Message } from '../message.js'
import { type AsyncOneWaySender, measureOneWay, receiveOneWay, sendForAsync } from '../one-way.js'
import type { Pair } from '../pair/pair.js'
import { acceptNear, connectFar, type MessageConnection } from './connect.js'
import type { MqOneWayShape } from './shape.js'

/** A connection to a worker thread. */
export const mqOneWayWorker: Pair<MqOneWayShape> = oneWay('thread')
/** A connection to a child process. */
export const mqOneWayChild: Pair<MqOneWayShape> = oneWay('process')

function oneWay(far: 'process' | 'thread'): Pair<MqOneWayShape> {
  return {
    far,
    async runNear(place, shape) {
      await place.fars[0]!.control.hear()
      const connection = await connectFar(place.fars[0]!, shape.codec)
      const sender = new ConnectionSender(connection, shape.messageBytes)
      const figures = await measureOneWay(place, (seconds) => sendForAsync(seconds, shape, sender))
      await connection.close()
      return figures
    },
    async runFar(place, { messageBytes, codec }) {
      const accepted = acceptNear(codec)
      place.control.tell('listening')
      const connection = await accepted
      const check = new Check(messageBytes)
      let ended = (): void => {}
      connection.onMessage((message) => {
        const words = new Int32Array(message.buffer, message.byteOffset, messageBytes / 4)
        if (!check.take(words, 0)) ended()
      })
      const receive = (): Promise<void> =>
        new Promise((resolve) => {
          ended = resolve
        })
      await receiveOneWay(place, receive)
      await connection.closed
    },
  }
}

class ConnectionSender implements AsyncOneWaySender {
  readonly #connection: MessageConnection
  readonly #message: Message
  readonly #messageBytes: number

  constructor(connection: MessageConnection, messageBytes: number) {
    this.#connection = connection
    this.#message = new Message(messageBytes)
    this.#messageBytes = messageBytes
  }

  put(number: number): boolean {
    this.#message.number(number)
    return this.#connection.send(this.#message.bytes)
  }

  drained(): Promise<void> {
    return this.#connection.drained()
  }

  end(count: number): void {
    this.#connection.send(Message.end(this.#messageBytes, count).bytes)
  }
}
