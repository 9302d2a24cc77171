import { readFileSync } from 'node:fs'
import { json, struct } from '@ipc/core'
import {
  broadcastRing,
  mpscRing,
  openRegion,
  removeRegion,
  sharedBytes,
  sharedValue,
  spscRing,
} from '@ipc/shm'
import { inspectRegion, type ObjectSnapshot, type RegionInspection } from '@ipc/shm/inspect'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Peer, startProcess } from './fixtures/peer.js'
import { untilState } from './fixtures/process-state.js'
import type { functions } from './fixtures/recovery-program.js'
import { failsWith, RegionStage } from './fixtures/region-stage.js'
import { until } from './fixtures/until-parked.js'

const PROGRAM = new URL('./fixtures/recovery-program.ts', import.meta.url)
const NAME = 'objects'

const stage = new RegionStage()
let inspections: RegionInspection[]
let peers: Peer<typeof functions>[]
beforeEach(() => {
  inspections = []
  peers = []
})
afterEach(async () => {
  for (const inspection of inspections) inspection.close()
  await Promise.all(peers.map((peer) => peer.kill()))
  await stage.clear()
})
afterAll(() => stage.end())

function inspect(name = NAME): RegionInspection {
  const inspection = inspectRegion(name, stage)
  inspections.push(inspection)
  return inspection
}

/** Another process that has a ring, a lock, a condition and a semaphore in the region. */
async function startPeer(): Promise<Peer<typeof functions> & { readonly pid: number }> {
  const peer = await startProcess<typeof functions>(PROGRAM)
  peers.push(peer)
  return { ...peer, pid: await peer.call('open', { directory: stage.directory, name: NAME }) }
}

function objectOf<Kind extends ObjectSnapshot['kind']>(
  inspection: RegionInspection,
  kind: Kind,
): Extract<ObjectSnapshot, { readonly kind: Kind }> {
  const found = inspection.snapshot().objects.find((object) => object.kind === kind)
  if (found?.kind !== kind) throw new Error(`no ${kind}`)
  return found as Extract<ObjectSnapshot, { readonly kind: Kind }>
}

describe('inspectRegion', () => {
  test('tells the positions of an SPSC ring, which count what was written and read', () => {
    const ring = spscRing(stage.open(NAME, { bytes: 65_536 }), 'ticks', { capacityBytes: 4096 })
    const inspection = inspect()
    expect(objectOf(inspection, 'spsc')).toMatchObject({ name: 'ticks', head: 0, tail: 0, lagBytes: 0 })
    const producer = ring.producer()
    for (let record = 0; record < 10; record++) producer.tryWrite(new Uint8Array(16))
    ring.consumer().read(() => {}, 4)
    // A header of 8 bytes each.
    expect(objectOf(inspection, 'spsc')).toEqual({
      kind: 'spsc',
      name: 'ticks',
      totalBytes: 128 + 384 + 4096,
      capacityBytes: 4096,
      recordBytes: 0,
      head: 4 * 24,
      tail: 10 * 24,
      lagBytes: 6 * 24,
      producers: [],
      waitingForRecords: [],
      waitingForRoom: [],
    })
  })

  test('tells those of an MPSC ring, and who has a producer', async () => {
    const peer = await startPeer()
    await peer.call('write', 1)
    await peer.call('write', 2)
    const region = stage.open(NAME, { bytes: 65_536 })
    mpscRing(region, 'ring')
      .consumer()
      .read(() => {}, 1)
    const slot = (await peer.call('participant')) >> 1
    expect(objectOf(inspect(), 'mpsc')).toMatchObject({
      head: 64,
      tail: 128,
      lagBytes: 64,
      producers: [slot & 127],
    })
  })

  test('tells those of a broadcast ring, and of the readers that hold it back', () => {
    const region = stage.open(NAME, { bytes: 65_536 })
    const ring = broadcastRing(region, 'news', { capacityBytes: 4096 })
    const producer = ring.producer()
    producer.tryWrite(new Uint8Array(8))
    const reader = ring.consumer({ overflow: 'wait' })
    producer.tryWrite(new Uint8Array(8))
    producer.tryWrite(new Uint8Array(8))
    const slot = (region.participant & 0xff) >> 1
    const inspection = inspect()
    expect(objectOf(inspection, 'broadcast')).toMatchObject({
      tail: 72,
      records: 3,
      readers: [{ slot, position: 24, lagBytes: 48 }],
    })
    reader.close()
    expect(objectOf(inspection, 'broadcast').readers).toEqual([])
  })

  test('copies the latest value, whoever may read it', () => {
    const region = stage.open(NAME, { bytes: 2 ** 20 })
    const quote = sharedValue(region, 'quote', { codec: json(), maxBytes: 64 })
    const inspection = inspect()
    expect(objectOf(inspection, 'value')).toMatchObject({ version: 0, payload: undefined, codec: 'json' })
    quote.set({ price: 1 })
    quote.set({ price: 2 })
    const { version, payload } = objectOf(inspection, 'value')
    expect(version).toBe(2)
    expect(JSON.parse(new TextDecoder().decode(payload))).toEqual({ price: 2 })
    const large = sharedValue(region, 'large', { codec: struct({ n: 'u32' }), maxBytes: 100_000 })
    large.set({ n: 1 })
    expect(inspection.snapshot().objects[1]).toMatchObject({ version: 1, payload: undefined })
  })

  test('tells who holds a mutex, how many wait, and what a semaphore has left', async () => {
    const [holder, other] = await Promise.all([startPeer(), startPeer()])
    const inspection = inspect()
    expect(objectOf(inspection, 'mutex')).toMatchObject({ holder: undefined, waiting: 0, abandoned: false })
    await holder.call('lock')
    const slot = ((await holder.call('participant')) & 0xff) >> 1
    void other.call('lock')
    await until(() => objectOf(inspection, 'mutex').waiting === 1, 'one waits')
    expect(objectOf(inspection, 'mutex')).toMatchObject({ holder: slot, waiting: 1 })
    expect(objectOf(inspection, 'semaphore')).toMatchObject({ available: 1, permits: 1, waiting: 0 })
    await holder.call('acquire')
    expect(objectOf(inspection, 'semaphore')).toMatchObject({ available: 0, permits: 1 })
    await holder.call('unlock')
    await until(() => objectOf(inspection, 'mutex').waiting === 0, 'nobody waits')
    void other.call('unlock')
    await until(() => objectOf(inspection, 'mutex').holder === undefined, 'nobody holds it')
    void holder.call('waitNotified', 'sync')
    await until(() => objectOf(inspection, 'condition').waiting === 1, 'one waits to be notified')
    await until(
      () => inspection.snapshot().participants.some(({ state }) => state === 'blocked'),
      'it is blocked',
    )
  })

  test('knows who lives: not the killed, but the stopped', async () => {
    const [dead, stopped] = await Promise.all([startPeer(), startPeer()])
    process.kill(stopped.pid, 'SIGSTOP')
    await untilState(stopped.pid, 'T')
    await dead.kill()
    const alive = (): object =>
      Object.fromEntries(inspection.snapshot().participants.map((found) => [found.pid, found.alive]))
    const inspection = inspect()
    expect(alive()).toEqual({ [dead.pid]: false, [stopped.pid]: true })
    // Nobody was cleaned up after: that is for those who take part.
    expect(alive()).toEqual({ [dead.pid]: false, [stopped.pid]: true })
  })

  test('changes no byte and takes no slot', async () => {
    await startPeer()
    const path = `${stage.directory}/${NAME}.region`
    const before = readFileSync(path)
    const inspection = inspect()
    inspection.tail('ring', 'oldest').next()
    expect(inspection.snapshot().participants).toHaveLength(1)
    inspection.close()
    expect(readFileSync(path).equals(before)).toBe(true)
  })

  test('tells bytes from objects, and whether the name still means the region', () => {
    stage.open('raw', { bytes: 100, schema: 'mine' })
    const raw = inspect('raw')
    expect(raw.info).toMatchObject({ name: 'raw', bytes: 100, schema: 'mine', creatorPid: process.pid })
    expect(raw.snapshot()).toEqual({ content: 'bytes', freeBytes: 0, participants: [], objects: [] })
    sharedBytes(stage.open(NAME, { bytes: 65_536 }), 'block', { bytes: 1000 })
    expect(inspect().snapshot()).toMatchObject({
      content: 'objects',
      freeBytes: 65_536 - 8320 - 128 - 1024,
      objects: [{ kind: 'bytes', name: 'block', bytes: 1000, totalBytes: 1152 }],
    })
    expect(raw.isCurrent).toBe(true)
    removeRegion('raw', stage)
    expect(raw.isCurrent).toBe(false)
    openRegion('raw', { ...stage, directory: stage.directory, bytes: 100 }).close()
    expect(raw.isCurrent).toBe(false)
  })

  test('of what is not there throws IPC_CONNECT_FAILED, of what is corrupt IPC_PROTOCOL, closed IPC_CLOSED', () => {
    expect(() => inspect('nothing')).toThrow(failsWith('IPC_CONNECT_FAILED'))
    const region = stage.open(NAME, { bytes: 65_536 })
    spscRing(region, 'ticks', { capacityBytes: 4096 })
    const inspection = inspect()
    expect(() => inspection.tail('other')).toThrow(failsWith('IPC_CONNECT_FAILED'))
    const words = new Int32Array(region.buffer)
    // The capacity that the ring says it has.
    words[(128 + 8320 + 64) >> 2] = 2 ** 20
    expect(() => inspection.snapshot()).toThrow(failsWith('IPC_PROTOCOL'))
    expect(() => inspection.tail('ticks')).toThrow(failsWith('IPC_PROTOCOL'))
    words[(128 + 8320 + 4) >> 2] = -1
    expect(() => inspection.snapshot()).toThrow(failsWith('IPC_PROTOCOL'))
    inspection.close()
    expect(() => inspection.snapshot()).toThrow(failsWith('IPC_CLOSED'))
  })
})
