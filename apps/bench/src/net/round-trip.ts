import { ByteCheck } from '../byte-check.js'
import { Message } from '../message.js'
import type { Pair } from '../pair/pair.js'
import { measureTripsAsync } from '../round-trip.js'
import type { End } from './link.js'
import { loadLink } from './links.js'
import type { NetShape } from './shape.js'

/** One message on each connection goes there and back, all at the same time. */
export const netRoundTrip: Pair<NetShape> = {
  far: 'process',
  async runNear(place, shape) {
    const side = await (await loadLink(shape.link)).near(place, shape)
    const ends = await side.open(shape.connections)
    const trips = ends.map((end) => tripOver(end, shape.messageBytes))
    const control = place.fars[0]!.control
    await control.hear()
    const { figures } = await measureTripsAsync(place, { timedEvery: 1, pauseMs: 0 }, ...trips)
    control.tell('done')
    await side.close()
    return figures
  },
  async runFar(place, shape) {
    const side = await (await loadLink(shape.link)).far(place, shape)
    for (const end of await side.open(shape.connections)) end.echo()
    place.control.tell('echoing')
    await place.control.hear()
    await side.close()
  },
}

function tripOver(end: End, messageBytes: number): (number: number) => Promise<void> {
  const message = new Message(messageBytes)
  const check = new ByteCheck(messageBytes)
  let arrived = (): void => {}
  end.onMessage((bytes, at) => {
    check.take(bytes, at)
    arrived()
  })
  return (number) => {
    message.number(number)
    end.send(message.bytes)
    end.flush()
    return new Promise((resolve) => {
      arrived = resolve
    })
  }
}
