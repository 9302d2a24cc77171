import type { End, LinkShape } from '../net/link.js'

/** How much of what is under way the receiver says that it has taken, at a time. */
const PARTS = 4

/** Counts what is under way where a channel has no backpressure of its own: the receiver says what it has taken. */
export class Flow {
  readonly #limit: number
  #underWay = 0
  #resume: (() => void) | undefined

  /** @param limit - Messages under way. */
  constructor(limit: number) {
    this.#limit = Math.max(PARTS, limit)
  }

  /** Messages that the receiver takes between two acknowledgements. */
  get part(): number {
    return Math.floor(this.#limit / PARTS)
  }

  /** A message was sent; returns false when there are enough. */
  sent(): boolean {
    return ++this.#underWay < this.#limit
  }

  acknowledged(): void {
    this.#underWay -= this.part
    if (this.#underWay > this.#limit / 2) return
    this.#resume?.()
    this.#resume = undefined
  }

  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#resume = resolve
    })
  }
}

/** What {@link FlowEnd} needs of its channel. */
export interface FlowChannel {
  /** Send a message, whose memory may be overwritten afterwards. */
  send(message: Uint8Array): void
  /** Tell the other side that a part of its messages was taken. */
  tellTaken(): void
}

/** One side of a connection over such a channel, which gives it what comes in. */
export class FlowEnd implements End {
  readonly #channel: FlowChannel
  readonly #flow: Flow
  #taken = 0
  #listener: (message: Uint8Array) => void = () => {}

  constructor({ messageBytes, windowBytes }: LinkShape, channel: FlowChannel) {
    this.#channel = channel
    this.#flow = new Flow(windowBytes / messageBytes)
  }

  send(message: Uint8Array): boolean {
    this.#channel.send(message)
    return this.#flow.sent()
  }

  drained(): Promise<void> {
    return this.#flow.drained()
  }

  flush(): void {
    // Such channels write by themselves.
  }

  onMessage(listener: (bytes: Uint8Array, at: number) => void): void {
    this.#listener = (message) => listener(message, 0)
  }

  echo(): void {
    this.#listener = (message) => void this.send(message)
  }

  /** A message has come in. */
  take(message: Uint8Array): void {
    this.#listener(message)
    if (++this.#taken % this.#flow.part === 0) this.#channel.tellTaken()
  }

  /** The other side has taken a part. */
  acknowledged(): void {
    this.#flow.acknowledged()
  }
}
