import { ByteCheck } from '../byte-check.js'
import { Message } from '../message.js'
import {
  type AsyncOneWaySender,
  measureOneWay,
  receiveOneWay,
  STRIDE_BYTES,
  sendForAsync,
} from '../one-way.js'
import type { Pair } from '../pair/pair.js'
import type { End } from './link.js'
import { loadLink } from './links.js'
import type { NetShape } from './shape.js'

/** Each connection carries as much as it can, all at the same time, from the near side to the far one. */
export const netOneWay: Pair<NetShape> = {
  far: 'process',
  async runNear(place, shape) {
    const { connections, messageBytes } = shape
    const side = await (await loadLink(shape.link)).near(place, shape)
    const ends = await side.open(connections)
    const senders = ends.map((end) => new EndSender(end, messageBytes))
    const oneWay = { messageBytes, batch: 1, capacityBytes: shape.windowBytes }
    const stride = STRIDE_BYTES / connections
    const figures = await measureOneWay(place, async (seconds) => {
      const counts = await Promise.all(senders.map((sender) => sendForAsync(seconds, oneWay, sender, stride)))
      return counts.reduce((sum, count) => sum + count)
    })
    await side.close()
    return figures
  },
  async runFar(place, shape) {
    const { connections, messageBytes } = shape
    const side = await (await loadLink(shape.link)).far(place, shape)
    const ends = await side.open(connections)
    // Counted, because an end may come in before anybody waits for it.
    let ended = 0
    let onEnd = (): void => {}
    for (const end of ends) {
      const check = new ByteCheck(messageBytes)
      end.onMessage((bytes, at) => {
        if (check.take(bytes, at)) return
        ended++
        onEnd()
      })
    }
    const receive = (): Promise<void> =>
      new Promise((resolve) => {
        onEnd = () => {
          if (ended < connections) return
          ended -= connections
          resolve()
        }
        onEnd()
      })
    await receiveOneWay(place, receive)
    await side.close()
  },
}

class EndSender implements AsyncOneWaySender {
  readonly #end: End
  readonly #message: Message

  constructor(end: End, messageBytes: number) {
    this.#end = end
    this.#message = new Message(messageBytes)
  }

  put(number: number): boolean {
    this.#message.number(number)
    return this.#end.send(this.#message.bytes)
  }

  drained(): Promise<void> {
    return this.#end.drained()
  }

  end(count: number): void {
    this.#end.send(Message.end(this.#message.bytes.length, count).bytes)
    this.#end.flush()
  }
}
