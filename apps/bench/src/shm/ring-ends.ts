import type { BlockOptions, Consumer, Producer, RecordListener } from '@ipc/shm'
import { Check, Message } from '../message.js'
import { Patience } from '../patience.js'

/** Messages of this length are written word by word, as an application fills in the fields of a record. */
const FIELDS_BYTES = 64
/** A wait that takes longer means that the other side has failed. */
const PATIENCE_MS = 10_000

/** Writes messages into a ring as an application would: claim, fill in, commit. */
export class RingWriter {
  readonly #producer: Producer
  readonly #words: Int32Array
  readonly #message: Message
  readonly #length: number
  readonly #kind: number
  readonly #patience = new Patience()

  constructor(producer: Producer, length: number, kind: number = 0) {
    const { buffer, byteOffset, byteLength } = producer.bytes
    this.#producer = producer
    this.#words = new Int32Array(buffer, byteOffset, byteLength / 4)
    this.#message = new Message(length)
    this.#length = length
    this.#kind = kind
  }

  /** Write a message; `publish`: make it and those before it visible. */
  put(number: number, publish: boolean): void {
    this.#message.number(number)
    this.#write(this.#message, publish)
  }

  end(count: number): void {
    this.#write(Message.end(this.#length, count), true)
  }

  #write(message: Message, publish: boolean): void {
    const producer = this.#producer
    let at = producer.tryClaim(this.#length, this.#kind)
    if (at < 0) at = this.#claimWhenRoom()
    if (this.#length === FIELDS_BYTES) writeFields(message.words, this.#words, at >> 2)
    else producer.bytes.set(message.bytes, at)
    if (publish) producer.commit()
    else producer.stage()
  }

  #claimWhenRoom(): number {
    this.#patience.renew()
    while (true) {
      const at = this.#producer.tryClaim(this.#length, this.#kind)
      if (at >= 0) return at
      this.#patience.spend('the ring stays full')
    }
  }
}

/** A call of `set` costs more than all of these. */
function writeFields(from: Int32Array, to: Int32Array, at: number): void {
  to[at] = from[0] as number
  to[at + 1] = from[1] as number
  to[at + 2] = from[2] as number
  to[at + 3] = from[3] as number
  to[at + 4] = from[4] as number
  to[at + 5] = from[5] as number
  to[at + 6] = from[6] as number
  to[at + 7] = from[7] as number
  to[at + 8] = from[8] as number
  to[at + 9] = from[9] as number
  to[at + 10] = from[10] as number
  to[at + 11] = from[11] as number
  to[at + 12] = from[12] as number
  to[at + 13] = from[13] as number
  to[at + 14] = from[14] as number
  to[at + 15] = from[15] as number
}

/** Reads messages from a ring and checks them, where they lie. */
export class RingReader {
  readonly #consumer: Consumer
  readonly #check: Check
  readonly #waitOptions: BlockOptions
  #words: Int32Array | undefined
  #more = true

  constructor(consumer: Consumer, length: number, strategy: 'spin' | 'block' = 'spin') {
    this.#consumer = consumer
    this.#check = new Check(length)
    this.#waitOptions = { strategy, timeoutMs: PATIENCE_MS }
  }

  /** Read all messages until there are no more; the thread waits for them. */
  readAll(): void {
    this.#more = true
    while (this.#more) {
      if (this.#consumer.read(this.#take) === 0) this.#wait()
    }
  }

  /**
   * Read the next message; the thread waits for it.
   *
   * @returns false when it is the one behind the last.
   */
  readNext(): boolean {
    this.#wait()
    return this.readHere()
  }

  /** As {@link readNext}, for a message that is there. */
  readHere(): boolean {
    this.#more = true
    this.#consumer.read(this.#take)
    return this.#more
  }

  #wait(): void {
    if (!this.#consumer.waitSync(this.#waitOptions)) throw new Error('no message comes')
  }

  readonly #take: RecordListener = (bytes, start) => {
    this.#words ??= new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
    if (!this.#check.take(this.#words, start >> 2)) this.#more = false
  }
}
