import { isIpcError } from '@ipc/core'
import { listRegions } from '@ipc/shm'
import { inspectRegion, listConnections, type ObjectSnapshot, type RegionInspection } from '@ipc/shm/inspect'

/** Something whose positions move, at one moment. */
export interface Flow {
  /** `REGION/OBJECT`, or `shm:NAME` and the number of a connection. */
  readonly name: string
  readonly kind: ObjectSnapshot['kind'] | 'connection'
  /** Of a ring; bytes written so far, counted modulo 2^32; of a connection those of both directions. */
  readonly bytes: number | undefined
  /** Records or values so far, counted modulo 2^32, where they are counted. */
  readonly count: number | undefined
  readonly lagBytes: number | undefined
  readonly capacityBytes: number | undefined
  /** How many wait for something there. */
  readonly waiting: number
  /** Of the region, or the connection. */
  readonly alive: number
  readonly dead: number
}

/** A flow, and how fast it is. */
export interface FlowRate extends Flow {
  /** Since the last sample; `undefined` in the first one it is in. */
  readonly bytesPerSecond: number | undefined
  readonly countPerSecond: number | undefined
}

/** Looks at all rings, values, locks and connections of a directory again and again. Regions stay mapped meanwhile. */
export class Sampler {
  readonly #directory: string
  readonly #names: readonly string[]
  readonly #regions = new Map<string, RegionInspection>()
  #last = new Map<string, Flow>()
  #lastAt = 0

  /** @param names - Regions and listeners to look at; all if there are none. */
  constructor(directory: string, names: readonly string[]) {
    this.#directory = directory
    this.#names = names
  }

  /** What they are at now. */
  sample(): FlowRate[] {
    const now = performance.now()
    const seconds = (now - this.#lastAt) / 1000
    const flows = [...this.#regionFlows(), ...this.#connectionFlows()]
    const rates = flows.map((flow) => {
      const last = this.#last.get(flow.name)
      return {
        ...flow,
        bytesPerSecond: perSecond(last?.bytes, flow.bytes, seconds),
        countPerSecond: perSecond(last?.count, flow.count, seconds),
      }
    })
    this.#last = new Map(flows.map((flow) => [flow.name, flow]))
    this.#lastAt = now
    return rates
  }

  close(): void {
    for (const region of this.#regions.values()) region.close()
    this.#regions.clear()
  }

  #wants(name: string): boolean {
    return this.#names.length === 0 || this.#names.includes(name)
  }

  #regionFlows(): Flow[] {
    this.#attachAll()
    return [...this.#regions].flatMap(([name, region]) => {
      try {
        const { objects, participants } = region.snapshot()
        const alive = participants.filter((participant) => participant.alive).length
        const users = { alive, dead: participants.length - alive }
        return objects.flatMap((object) => flowOf(`${name}/${object.name}`, object, users) ?? [])
      } catch (error) {
        if (isIpcError(error)) return []
        throw error
      }
    })
  }

  #attachAll(): void {
    for (const [name, region] of this.#regions) {
      if (region.isCurrent) continue
      region.close()
      this.#regions.delete(name)
    }
    for (const { name } of listRegions({ directory: this.#directory })) {
      if (!this.#wants(name) || this.#regions.has(name)) continue
      try {
        this.#regions.set(name, inspectRegion(name, { directory: this.#directory }))
      } catch (error) {
        if (!isIpcError(error)) throw error
      }
    }
  }

  #connectionFlows(): Flow[] {
    const connections = listConnections({ directory: this.#directory })
    return connections.flatMap(({ name, id, pids, rings }) => {
      if (!this.#wants(name) || rings === undefined) return []
      const { accepted, connected, capacityBytes } = rings
      return {
        name: `shm:${name} ${id.slice(0, 8)}`,
        kind: 'connection' as const,
        bytes: (accepted.tail + connected.tail) % 2 ** 32,
        count: undefined,
        lagBytes: accepted.lagBytes + connected.lagBytes,
        capacityBytes: 2 * capacityBytes,
        waiting: 0,
        alive: pids.length,
        dead: 0,
      }
    })
  }
}

function perSecond(last: number | undefined, now: number | undefined, seconds: number): number | undefined {
  if (last === undefined || now === undefined || seconds <= 0) return undefined
  return ((now - last) >>> 0) / seconds
}

type Users = Pick<Flow, 'alive' | 'dead'>

/** What does not move is left out. */
function flowOf(name: string, object: ObjectSnapshot, users: Users): Flow | undefined {
  const none = { bytes: undefined, count: undefined, lagBytes: undefined, capacityBytes: undefined }
  switch (object.kind) {
    case 'spsc':
    case 'mpsc':
    case 'broadcast': {
      const lags =
        object.kind === 'broadcast' ? object.readers.map(({ lagBytes }) => lagBytes) : [object.lagBytes]
      return {
        name,
        kind: object.kind,
        bytes: object.tail,
        count: object.kind === 'broadcast' ? object.records : undefined,
        lagBytes: lags.length === 0 ? undefined : Math.max(...lags),
        capacityBytes: object.capacityBytes,
        waiting: object.waitingForRecords.length + object.waitingForRoom.length,
        ...users,
      }
    }
    case 'value':
      return { name, kind: 'value', ...none, count: object.version, waiting: object.waiting.length, ...users }
    case 'bytes':
      return undefined
    default:
      return { name, kind: object.kind, ...none, waiting: object.waiting, ...users }
  }
}
