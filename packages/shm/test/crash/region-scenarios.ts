import { json } from '@ipc/core'
import type { Death } from '@ipc/faults/crash'
import {
  broadcastRing,
  condition,
  mpscRing,
  mutex,
  openRegion,
  type Region,
  removeRegion,
  semaphore,
  sharedBytes,
  sharedValue,
  spscRing,
} from '@ipc/shm'
import { OBJECTS_END, REGION_HEADER_BYTES } from '../../src/layout.js'
import { insideOf } from '../../src/region/region.js'
import { waitInVain } from './asleep.js'
import { check, type Operations, type Place, type Scenario, type Survivors } from './scenario.js'

const BYTES = 4096

export interface PlaceArgs {
  readonly directory: string
  /** Of the region, or of the object. */
  readonly name: string
  readonly kind?: ObjectKind
}

/** Ask for an object of each kind, and use it for once. */
const OBJECTS: Readonly<Record<ObjectKind, (region: Region, name: string) => void>> = {
  sharedBytes: (region: Region, name: string) => sharedBytes(region, name, { bytes: 100 }).fill(1),
  spscRing: (region: Region, name: string) => useRing(spscRing(region, name, { capacityBytes: 1024 })),
  mpscRing: (region: Region, name: string) => useRing(mpscRing(region, name, { capacityBytes: 1024 })),
  broadcastRing: (region: Region, name: string) =>
    useRing(broadcastRing(region, name, { capacityBytes: 1024 })),
  sharedValue: (region: Region, name: string) => {
    const value = sharedValue(region, name, { codec: json<number>(), maxBytes: 16 })
    check(value.version === 0, 'a new value has one already')
    value.set(7)
    check(value.get() === 7, 'a new value does not keep what is set')
  },
  mutex: (region: Region, name: string) => mutex(region, name).lockSync({ timeoutMs: 0 }).unlock(),
  semaphore: (region: Region, name: string) => {
    const permits = semaphore(region, name, { permits: 2 })
    check(
      permits.tryAcquire() && permits.available === 1,
      'a new semaphore has not the permits it began with',
    )
  },
  condition: (region: Region, name: string) => condition(region, name).notify(),
}
export type ObjectKind =
  | 'sharedBytes'
  | 'spscRing'
  | 'mpscRing'
  | 'broadcastRing'
  | 'sharedValue'
  | 'mutex'
  | 'semaphore'
  | 'condition'

function useRing(ring: ReturnType<typeof spscRing>): void {
  const consumer = ring.consumer()
  check(consumer.tryReceive() === undefined, 'a new ring has a record')
  check(ring.producer().tryWrite(new Uint8Array(9)), 'a new ring is full')
  check(consumer.tryReceive()?.length === 9, 'a new ring does not give what was written')
}

/** Only asks for it: what victims do. */
const CREATE: Readonly<Record<ObjectKind, (region: Region, name: string) => unknown>> = {
  sharedBytes: (region, name) => sharedBytes(region, name, { bytes: 100 }),
  spscRing: (region, name) => spscRing(region, name, { capacityBytes: 1024 }),
  mpscRing: (region, name) => mpscRing(region, name, { capacityBytes: 1024 }),
  broadcastRing: (region, name) => broadcastRing(region, name, { capacityBytes: 1024 }),
  sharedValue: (region, name) => sharedValue(region, name, { codec: json<number>(), maxBytes: 16 }),
  mutex: (region, name) => mutex(region, name),
  semaphore: (region, name) => semaphore(region, name, { permits: 2 }),
  condition: (region, name) => condition(region, name),
}

/** Operations of victims on regions, and on what is in them. */
export const placing: Operations = {
  'region.create': ({ directory, name }: PlaceArgs) => {
    return () => openRegion(name, { directory, bytes: BYTES, schema: 'crash' })
  },
  'region.attach': ({ directory, name }: PlaceArgs) => {
    return () => openRegion(name, { directory })
  },
  'region.close': ({ directory, name }: PlaceArgs) => {
    const region = openRegion(name, { directory })
    void waitInVain(region)
    return () => region.close()
  },
  'region.remove': ({ directory, name }: PlaceArgs) => {
    return () => removeRegion(name, { directory })
  },
  'region.join': ({ directory, name }: PlaceArgs) => {
    const region = openRegion(name, { directory })
    return () => void waitInVain(region)
  },
  'object.create': ({ directory, name, kind }: PlaceArgs) => {
    const region = openRegion('place', { directory })
    return () => CREATE[kind as ObjectKind](region, name)
  },
}

/** The region that a victim creates is there, or the next one creates it. */
export class RegionSurvivor implements Survivors {
  readonly #place: Place
  readonly #isThere: boolean
  readonly #directory: string
  #name = 'fresh'
  #count = 0

  /** @param below - A directory that the victim makes too. */
  constructor(place: Place, isThere: boolean, below: boolean = false) {
    this.#place = place
    this.#isThere = isThere
    this.#directory = below ? `${place.directory}/below` : place.directory
    place.open()
  }

  prepare(): PlaceArgs {
    this.#name = `fresh-${++this.#count}`
    if (this.#isThere) this.#open().close()
    return { directory: this.#directory, name: this.#name }
  }

  settle(): string {
    const wasThere = this.#place.files(this.#directory).includes(`${this.#name}.region`)
    const region = this.#open()
    check(region.bytes.length === BYTES && region.schema === 'crash', 'the region is not as it was asked for')
    check(
      region.bytes.every((byte) => byte === 0),
      'the memory of a new region is not zero',
    )
    region.bytes.fill(1)
    region.close()
    check(removeRegion(this.#name, { directory: this.#directory }), 'the region cannot be removed')
    const names = this.#files()
    // The next one who creates a region tidies up after the dead.
    openRegion('next', { directory: this.#directory, bytes: BYTES }).close()
    removeRegion('next', { directory: this.#directory })
    check(this.#files().length === 0, `left behind: ${this.#files().join(', ')}`)
    if (this.#directory !== this.#place.directory) this.#place.removeBelow(this.#directory)
    if (names.length > 0) return 'complete; its unfinished name is removed by the next who creates a region'
    return wasThere ? 'complete' : this.#isThere ? 'removed' : 'created by the next'
  }

  #files(): string[] {
    return this.#place.files(this.#directory).filter((file) => file.startsWith('fresh'))
  }

  #open(): Region {
    return openRegion(this.#name, { directory: this.#directory, bytes: BYTES, schema: 'crash' })
  }
}

/** Participants come and go. */
export class ParticipantsSurvivor implements Survivors {
  readonly #place: Place

  constructor(place: Place) {
    this.#place = place
    place.open()
  }

  prepare(): PlaceArgs {
    return { directory: this.#place.directory, name: 'place' }
  }

  async settle({ step }: Death): Promise<string> {
    const left = this.#bells()
    if (step === undefined) check(left === 0, 'a bell is left of one who ended in order')
    const next = openRegion('place', { directory: this.#place.directory })
    await waitInVain(next)
    check(this.#bells() === 1, `${this.#bells()} bells beside one who lives`)
    next.close()
    check(this.#bells() === 0, 'a bell is left')
    return left === 0 ? 'no bell left' : 'its bell is removed by the next who waits'
  }

  #bells(): number {
    return this.#place.files().filter((file) => file.includes('.bell')).length
  }
}

export class ObjectSurvivor implements Survivors {
  readonly #place: Place
  readonly #kind: ObjectKind
  readonly #region: Region
  #count = 0
  #end = 0

  constructor(place: Place, kind: ObjectKind) {
    this.#place = place
    this.#kind = kind
    this.#region = place.open('place', 2 ** 21)
  }

  prepare(): PlaceArgs {
    this.#end = this.#endOfObjects()
    return { directory: this.#place.directory, name: `object-${++this.#count}`, kind: this.#kind }
  }

  settle({ step }: Death): string {
    const wasThere = this.#endOfObjects() !== this.#end
    if (step === undefined) check(wasThere, 'nothing was created by one who ended in order')
    OBJECTS[this.#kind](this.#region, `object-${this.#count}`)
    sharedBytes(this.#region, `behind-${this.#count}`, { bytes: 8 })
    return wasThere ? 'complete' : 'created by the next'
  }

  #endOfObjects(): number {
    return Atomics.load(insideOf(this.#region).words, (REGION_HEADER_BYTES + OBJECTS_END) >> 2)
  }
}

const region = (name: string, operation: string, begin: Scenario['begin']): Scenario => ({
  structure: 'region',
  name,
  operation,
  begin,
})

export const regionScenarios: readonly Scenario[] = [
  region('create', 'region.create', (place) => new RegionSurvivor(place, false)),
  region('create, with its directory', 'region.create', (place) => new RegionSurvivor(place, false, true)),
  region('attach', 'region.attach', (place) => new RegionSurvivor(place, true)),
  region('remove', 'region.remove', (place) => new RegionSurvivor(place, true)),
  region('join', 'region.join', (place) => new ParticipantsSurvivor(place)),
  region('leave', 'region.close', (place) => new ParticipantsSurvivor(place)),
  ...(Object.keys(OBJECTS) as ObjectKind[]).map((kind) => ({
    structure: kind,
    name: 'create',
    operation: 'object.create',
    // All begin with joining the region, in the same way.
    ...(kind === 'sharedBytes' ? {} : { only: /^(create|whileCreating)/ }),
    begin: (place: Place) => new ObjectSurvivor(place, kind),
  })),
]
