import { BroadcastChannel } from 'node:worker_threads'
import { Check, Message } from '../message.js'
import {
  type AsyncOneWaySender,
  measureOneWay,
  type OneWayShape,
  receiveOneWay,
  sendForAsync,
} from '../one-way.js'
import type { Pair } from '../pair/pair.js'
import { measureTripsAsync, type RoundTripShape, TRIP_BYTES } from '../round-trip.js'
import { Flow } from './flow.js'

const NAME = 'bench'
const TAKEN = 'taken'

interface ChannelEvent {
  readonly data: unknown
}

/** Node's `BroadcastChannel` between two threads. */
export const broadcastChannelOneWay: Pair<OneWayShape> = {
  far: 'thread',
  async runNear(place, shape) {
    const far = place.fars[0]!
    await far.control.hear()
    const channel = new BroadcastChannel(NAME)
    const sender = new ChannelSender(channel, shape)
    channel.onmessage = () => sender.flow.acknowledged()
    const figures = await measureOneWay(place, (seconds) => sendForAsync(seconds, shape, sender))
    channel.close()
    return figures
  },
  async runFar(place, shape) {
    const channel = new BroadcastChannel(NAME)
    const check = new Check(shape.messageBytes)
    const { part } = new Flow(flowLimit(shape))
    let taken = 0
    let ended = (): void => {}
    channel.onmessage = (event) => {
      if (!check.take((event as ChannelEvent).data as Int32Array, 0)) return ended()
      if (++taken % part === 0) channel.postMessage(TAKEN)
    }
    place.control.tell('listening')
    await receiveOneWay(
      place,
      () =>
        new Promise<void>((resolve) => {
          ended = resolve
        }),
    )
    channel.close()
  },
}

/** The same, there and back. */
export const broadcastChannelRoundTrip: Pair<RoundTripShape> = {
  far: 'thread',
  async runNear(place, shape) {
    const far = place.fars[0]!
    await far.control.hear()
    const channel = new BroadcastChannel(NAME)
    const message = new Message(TRIP_BYTES)
    const check = new Check(TRIP_BYTES)
    let arrived = (): void => {}
    channel.onmessage = (event) => {
      check.take((event as ChannelEvent).data as Int32Array, 0)
      arrived()
    }
    const { figures } = await measureTripsAsync(place, shape, (number) => {
      message.number(number)
      channel.postMessage(message.words)
      return new Promise((resolve) => {
        arrived = resolve
      })
    })
    far.control.tell('done')
    channel.close()
    return figures
  },
  async runFar({ control }) {
    const channel = new BroadcastChannel(NAME)
    channel.onmessage = (event) => channel.postMessage((event as ChannelEvent).data)
    control.tell('listening')
    await control.hear()
    channel.close()
  },
}

function flowLimit({ capacityBytes, messageBytes }: OneWayShape): number {
  return capacityBytes / messageBytes
}

class ChannelSender implements AsyncOneWaySender {
  readonly #channel: BroadcastChannel
  readonly #message: Message
  readonly #messageBytes: number
  readonly flow: Flow

  constructor(channel: BroadcastChannel, shape: OneWayShape) {
    this.#channel = channel
    this.#message = new Message(shape.messageBytes)
    this.#messageBytes = shape.messageBytes
    this.flow = new Flow(flowLimit(shape))
  }

  put(number: number): boolean {
    this.#message.number(number)
    this.#channel.postMessage(this.#message.words)
    return this.flow.sent()
  }

  drained(): Promise<void> {
    return this.flow.drained()
  }

  end(count: number): void {
    this.#channel.postMessage(Message.end(this.#messageBytes, count).words)
  }
}
