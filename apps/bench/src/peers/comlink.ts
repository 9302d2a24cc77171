import { MessageChannel, type MessagePort } from 'node:worker_threads'
import * as Comlink from 'comlink'
import nodeEndpoint from 'comlink/dist/umd/node-adapter.js'
import { Check, Message } from '../message.js'
import type { Pair } from '../pair/pair.js'
import { measureTripsAsync, type RoundTripShape, TRIP_BYTES } from '../round-trip.js'

type Echo = (words: Int32Array) => Int32Array

/** A call by comlink of a function in a worker thread, which returns what it is given. */
export const comlinkRoundTrip: Pair<RoundTripShape> = {
  far: 'thread',
  async runNear(place, shape) {
    const far = place.fars[0]!
    const { port1, port2 } = new MessageChannel()
    far.worker!.postMessage({ port: port2 }, [port2])
    await far.control.hear()
    const echo = Comlink.wrap<Echo>(endpointOf(port1))
    const message = new Message(TRIP_BYTES)
    const check = new Check(TRIP_BYTES)
    const { figures } = await measureTripsAsync(place, shape, async (number) => {
      message.number(number)
      check.take(await echo(message.words), 0)
    })
    far.control.tell('done')
    port1.close()
    return figures
  },
  async runFar({ control }) {
    const { port } = (await control.hear()) as { readonly port: MessagePort }
    const echo: Echo = (words) => words
    Comlink.expose(echo, endpointOf(port))
    control.tell('listening')
    await control.hear()
    port.close()
  },
}

/** Its adapter has no types that fit. */
function endpointOf(port: MessagePort): Comlink.Endpoint {
  return (nodeEndpoint as unknown as (port: MessagePort) => Comlink.Endpoint)(port)
}
