import type { Worker } from 'node:worker_threads'
import { Check, Message } from '../message.js'
import {
  type AsyncOneWaySender,
  measureOneWay,
  type OneWayShape,
  receiveOneWay,
  sendForAsync,
} from '../one-way.js'
import type { Pair } from '../pair/pair.js'
import { Flow } from './flow.js'

const TAKEN = Int32Array.of(1)

/** Node's `postMessage` between two threads. It copies each message, or each batch of them. */
export const postMessageOneWay: Pair<OneWayShape> = {
  far: 'thread',
  async runNear(place, shape) {
    const far = place.fars[0]!
    const sender = new PostMessageSender(far.worker!, shape)
    far.control.onData(() => sender.flow.acknowledged())
    return measureOneWay(place, (seconds) => sendForAsync(seconds, shape, sender))
  },
  async runFar(place, shape) {
    const { control } = place
    const messageWords = shape.messageBytes / 4
    const check = new Check(shape.messageBytes)
    const { part } = new Flow(flowLimit(shape))
    let taken = 0
    let ended = (): void => {}
    control.onData((data) => {
      const words = data as Int32Array
      for (let at = 0; at < words.length; at += messageWords) {
        if (!check.take(words, at)) return ended()
      }
      if (++taken % part === 0) control.tell(TAKEN)
    })
    const receive = (): Promise<void> =>
      new Promise((resolve) => {
        ended = resolve
      })
    await receiveOneWay(place, receive)
  },
}

/** Posts under way. */
function flowLimit({ capacityBytes, messageBytes, batch }: OneWayShape): number {
  return capacityBytes / (messageBytes * batch)
}

/** Posts a batch as one array, whose messages are made where they lie. */
class PostMessageSender implements AsyncOneWaySender {
  readonly #worker: Worker
  readonly #messageBytes: number
  readonly #block: Int32Array
  readonly flow: Flow
  #at = 0

  constructor(worker: Worker, shape: OneWayShape) {
    const { messageBytes, batch } = shape
    this.#worker = worker
    this.#messageBytes = messageBytes
    this.#block = new Int32Array((messageBytes / 4) * batch)
    for (let i = 0; i < batch; i++) this.#block.set(new Message(messageBytes).words, i * (messageBytes / 4))
    this.flow = new Flow(flowLimit(shape))
  }

  put(number: number, last: boolean): boolean {
    const next = this.#at + this.#messageBytes / 4
    this.#block[this.#at] = number
    this.#block[next - 1] = number
    this.#at = last ? 0 : next
    if (!last) return true
    this.#worker.postMessage(this.#block)
    return this.flow.sent()
  }

  drained(): Promise<void> {
    return this.flow.drained()
  }

  end(count: number): void {
    this.#worker.postMessage(Message.end(this.#messageBytes, count).words)
  }
}
