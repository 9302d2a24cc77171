import { RingBuffer } from 'ringbuf.js'
import { Check, Message } from '../message.js'
import { measureOneWay, type OneWaySender, type OneWayShape, receiveOneWay, sendFor } from '../one-way.js'
import type { Pair } from '../pair/pair.js'
import { Patience } from '../patience.js'

/** Bytes that the receiver takes at a time, if there are so many: a call for each message takes twice as long. */
const POP_BYTES = 2048

/** ringbuf.js between two threads: it has no records, but all messages have one size. */
export const ringbufOneWay: Pair<OneWayShape> = {
  far: 'thread',
  async runNear(place, shape) {
    const storage = RingBuffer.getStorageForCapacity(shape.capacityBytes, Uint8Array)
    place.fars[0]!.control.tell(storage)
    const sender = new RingbufSender(new RingBuffer(storage, Uint8Array), shape)
    return measureOneWay(place, (seconds) => sendFor(seconds, shape, sender))
  },
  async runFar(place, { messageBytes }) {
    const ring = new RingBuffer((await place.control.hear()) as SharedArrayBuffer, Uint8Array)
    const check = new Check(messageBytes)
    const target = new Uint8Array(Math.max(POP_BYTES, messageBytes))
    const words = new Int32Array(target.buffer)
    // There are whole messages only: all sizes here divide the capacity.
    const patience = new Patience()
    const receive = (): void => {
      for (let more = true; more; ) {
        const end = ring.pop(target) / 4
        if (end === 0) patience.spend('no message comes')
        else patience.renew()
        for (let at = 0; at < end; at += messageBytes / 4) more = check.take(words, at)
      }
    }
    await receiveOneWay(place, receive)
  },
}

/** Pushes a batch as one block, whose messages are made where they lie. */
class RingbufSender implements OneWaySender {
  readonly #ring: RingBuffer
  readonly #messageBytes: number
  readonly #block: Uint8Array
  readonly #words: Int32Array
  readonly #patience = new Patience()
  #at = 0

  constructor(ring: RingBuffer, { messageBytes, batch }: OneWayShape) {
    this.#ring = ring
    this.#messageBytes = messageBytes
    this.#block = new Uint8Array(messageBytes * batch)
    for (let i = 0; i < batch; i++) this.#block.set(new Message(messageBytes).bytes, i * messageBytes)
    this.#words = new Int32Array(this.#block.buffer)
  }

  put(number: number, last: boolean): void {
    const next = this.#at + this.#messageBytes / 4
    this.#words[this.#at] = number
    this.#words[next - 1] = number
    this.#at = last ? 0 : next
    if (last) this.#push(this.#block)
  }

  end(count: number): void {
    this.#push(Message.end(this.#messageBytes, count).bytes)
  }

  #push(block: Uint8Array): void {
    let pushed = this.#ring.push(block)
    this.#patience.renew()
    while (pushed < block.length) {
      this.#patience.spend('the ring stays full')
      pushed += this.#ring.push(block, block.length - pushed, pushed)
    }
  }
}
