import { memoryUsage } from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Pair } from '../pair/pair.js'
import { loadLink } from './links.js'
import type { NetShape } from './shape.js'

/** Opened before it counts: the first ones bring code and buffers that all share. */
const FIRST_CONNECTIONS = 64
/** Collections of garbage: what one lets go with a finalizer, only the next one can free. */
const COLLECTIONS = 4
const REST_MS = 50

/** What a process holds, in KiB. */
interface Held {
  readonly resident: number
  readonly heap: number
}

/** Open connections over which nothing is said. */
export const netIdleMemory: Pair<NetShape> = {
  far: 'process',
  async runNear(place, shape) {
    const { control } = place.fars[0]!
    const { connections } = shape
    const side = await (await loadLink(shape.link)).near(place, shape)
    await side.open(FIRST_CONNECTIONS)
    await control.hear()
    const before = await held()
    control.tell('measure')
    const farBefore = (await control.hear()) as Held
    await side.open(connections)
    await control.hear()
    const after = await held()
    control.tell('measure')
    const farAfter = (await control.hear()) as Held
    await side.close()
    const near = perConnection(before, after, connections)
    const far = perConnection(farBefore, farAfter, connections)
    return [
      { metric: 'both sides', value: near.resident + far.resident, unit: 'KiB' },
      { metric: 'near RSS', value: near.resident, unit: 'KiB' },
      { metric: 'near heap', value: near.heap, unit: 'KiB' },
      { metric: 'far RSS', value: far.resident, unit: 'KiB' },
      { metric: 'far heap', value: far.heap, unit: 'KiB' },
    ]
  },
  async runFar(place, shape) {
    const { control } = place
    const side = await (await loadLink(shape.link)).far(place, shape)
    for (const count of [FIRST_CONNECTIONS, shape.connections]) {
      await side.open(count)
      control.tell('open')
      await control.hear()
      control.tell(await held())
    }
    await side.close()
  },
}

/** What is left once everything is freed that nobody needs. */
async function held(): Promise<Held> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let i = 0; i < COLLECTIONS; i++) {
    await sleep(REST_MS)
    collect()
  }
  const { rss, heapUsed } = memoryUsage()
  return { resident: rss / 1024, heap: heapUsed / 1024 }
}

function perConnection(before: Held, after: Held, connections: number): Held {
  return {
    resident: (after.resident - before.resident) / connections,
    heap: (after.heap - before.heap) / connections,
  }
}
