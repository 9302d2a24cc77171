import { MESSAGE_COST_BYTES } from './frame.js'

/** What came in is acknowledged before so long has passed; or so long, once it is so much: a peer may keep no more. */
const ACK_DELAY_MS = 25
const ACK_HURRY_MS = 1
const ACK_MESSAGES = 64
const ACK_BYTES = 65_536

/** What {@link Receipts} need. */
export interface ReceiptsInit {
  /** The credit in this side's greeting. */
  readonly credit: number
  /** Whether the peer keeps what it sends until it is acknowledged. */
  readonly acknowledges: boolean
  grant(bytes: number): void
  ack(count: number): void
}

/**
 * What came in, and what the peer is told of it: more credit, once enough was delivered, and how many messages are here.
 * Not for each piece that is read, and before the peer has to wait for it. While nothing can be told, it collects.
 */
export class Receipts {
  /** Messages that came in. */
  received = 0
  /** What the peer may still send. */
  granted: number
  /** Nothing is granted: nobody reads. */
  paused = false
  /** Nothing has to be granted: the peer sends no more messages. */
  ended = false
  readonly #init: ReceiptsInit
  /** Granted again once so much was delivered: not for each message, and early enough to keep the peer going. */
  readonly #grantStep: number
  /** Acknowledged at once when so much came in. */
  readonly #ackStep: number
  #tells = false
  /** Delivered and not granted again. */
  #owed = 0
  /** Messages told to the peer; and the bytes of those since. */
  #acked = 0
  #unackedBytes = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #isHurried = false

  constructor(init: ReceiptsInit) {
    this.#init = init
    this.granted = init.credit
    this.#grantStep = init.credit / 2
    this.#ackStep = init.credit / 4
  }

  /** A message of so many bytes is here. */
  add(bytes: number): void {
    const cost = bytes + MESSAGE_COST_BYTES
    this.granted -= cost
    this.#owed += cost
    this.received++
    this.#unackedBytes += cost
  }

  /** There is a socket, over which the peer was told just now what came in. */
  start(): void {
    this.#tells = true
    this.#acked = this.received
    this.#unackedBytes = 0
    this.grant()
  }

  /** There is none, or nothing to be told any more. */
  stop(): void {
    this.#tells = false
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#isHurried = false
  }

  /** Something has come in. */
  tell(): void {
    if (!this.#tells) return
    this.grant()
    if (!this.#init.acknowledges || this.received === this.#acked) return
    const isMuch = this.received - this.#acked >= ACK_MESSAGES || this.#unackedBytes >= ACK_BYTES
    if (this.#unackedBytes >= this.#ackStep) this.ack()
    else if (isMuch && !this.#isHurried) {
      clearTimeout(this.#timer)
      this.#isHurried = true
      this.#timer = setTimeout(() => this.ack(), ACK_HURRY_MS).unref()
    } else this.#timer ??= setTimeout(() => this.ack(), ACK_DELAY_MS).unref()
  }

  /** Grant what was delivered, if it is enough. */
  grant(): void {
    if (!this.#tells || this.paused || this.ended || this.#owed < this.#grantStep) return
    const owed = this.#owed
    this.#owed = 0
    this.granted += owed
    this.#init.grant(owed)
    // In the same write: a peer that keeps no more than this takes may wait for it.
    this.ack()
  }

  /** Acknowledge what came in, now. */
  ack(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#isHurried = false
    if (!this.#tells || !this.#init.acknowledges) return
    this.#acked = this.received
    this.#unackedBytes = 0
    this.#init.ack(this.received)
  }
}
