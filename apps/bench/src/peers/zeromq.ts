import { Pair } from 'zeromq'
import type { End, Link, LinkShape, Side } from '../net/link.js'

/** zeromq.js over TCP: for each connection a pair of sockets of its own, which is as close as it comes. */
export const zeromqTcp: Link = {
  async near({ fars }, shape) {
    const { control } = fars[0]!
    return new ZeromqSide(shape, async (socket) => socket.connect((await control.hear()) as string))
  },
  async far({ control }, shape) {
    return new ZeromqSide(shape, async (socket) => {
      await socket.bind('tcp://127.0.0.1:*')
      control.tell(socket.lastEndpoint)
    })
  },
}

class ZeromqSide implements Side {
  readonly #windowMessages: number
  readonly #join: (socket: Pair) => Promise<void>
  readonly #sockets: Pair[] = []

  constructor({ messageBytes, windowBytes }: LinkShape, join: (socket: Pair) => Promise<void>) {
    this.#windowMessages = Math.max(1, windowBytes / messageBytes)
    this.#join = join
  }

  async open(count: number): Promise<readonly End[]> {
    const ends: End[] = []
    while (ends.length < count) {
      const socket = new Pair({
        linger: 0,
        sendHighWaterMark: this.#windowMessages,
        receiveHighWaterMark: this.#windowMessages,
      })
      await this.#join(socket)
      this.#sockets.push(socket)
      ends.push(new ZeromqEnd(socket))
    }
    return ends
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.close()
  }
}

class ZeromqEnd implements End {
  readonly #socket: Pair
  #sent: Promise<void> = Promise.resolve()

  constructor(socket: Pair) {
    this.#socket = socket
  }

  /** It takes one message at a time: each has to be awaited. */
  send(message: Uint8Array): boolean {
    // It keeps what is not small where it lies, and copies what is.
    this.#sent = this.#socket.send(Buffer.from(message))
    return false
  }

  drained(): Promise<void> {
    return this.#sent
  }

  flush(): void {
    // It has a thread that writes.
  }

  onMessage(listener: (bytes: Uint8Array, at: number) => void): void {
    void this.#receive(async (message) => listener(message, 0))
  }

  echo(): void {
    void this.#receive((message) => this.#socket.send(message))
  }

  async #receive(take: (message: Buffer) => Promise<void>): Promise<void> {
    for await (const [message] of this.#socket) await take(message as Buffer)
  }
}
