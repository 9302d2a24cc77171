import type { ChildProcess } from 'node:child_process'
import { Check, Message } from '../message.js'
import {
  type AsyncOneWaySender,
  measureOneWay,
  type OneWayShape,
  receiveOneWay,
  sendForAsync,
} from '../one-way.js'
import type { Pair } from '../pair/pair.js'

/** Node's `send` between a process and its child, with the serialization that carries bytes: `advanced`. */
export const processSendOneWay: Pair<OneWayShape> = {
  far: 'process',
  async runNear(place, shape) {
    const sender = new ProcessSendSender(place.fars[0]!.child!, shape.messageBytes)
    return measureOneWay(place, (seconds) => sendForAsync(seconds, shape, sender))
  },
  async runFar(place, { messageBytes }) {
    const check = new Check(messageBytes)
    let ended = (): void => {}
    place.control.onData((data) => {
      if (!check.take(data as Int32Array, 0)) ended()
    })
    const receive = (): Promise<void> =>
      new Promise((resolve) => {
        ended = resolve
      })
    await receiveOneWay(place, receive)
  },
}

/** Backpressure as Node documents it: after `false`, wait until what was sent is written. */
class ProcessSendSender implements AsyncOneWaySender {
  readonly #child: ChildProcess
  readonly #message: Message
  readonly #messageBytes: number
  #written: Promise<void> = Promise.resolve()
  #congested = false

  constructor(child: ChildProcess, messageBytes: number) {
    this.#child = child
    this.#message = new Message(messageBytes)
    this.#messageBytes = messageBytes
  }

  put(number: number): boolean {
    this.#message.number(number)
    if (this.#congested) return this.#putLast()
    // Without a callback, which would cost as much as a tenth of the message.
    this.#congested = !this.#child.send(this.#message.words)
    return true
  }

  drained(): Promise<void> {
    return this.#written
  }

  end(count: number): void {
    this.#child.send(Message.end(this.#messageBytes, count).words)
    this.#congested = false
  }

  /** One more, which says when it and all before it are written. */
  #putLast(): false {
    this.#congested = false
    this.#written = new Promise((resolve) => this.#child.send(this.#message.words, () => resolve()))
    return false
  }
}
