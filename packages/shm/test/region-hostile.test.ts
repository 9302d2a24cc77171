import { existsSync, readdirSync, rmSync, unlinkSync } from 'node:fs'
import { openRegion, spscRing } from '@ipc/shm'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { OBJECTS_CREATING, REGION_HEADER_BYTES } from '../src/layout.js'
import { insideOf } from '../src/region/region.js'
import { beside, withFileBytes, withFiles, withReadOnly, withTmpfs } from './fixtures/launchers.js'
import { failsWith, inAMoment, RegionStage } from './fixtures/region-stage.js'
import { hastenSecondLooks } from './fixtures/second-looks.js'
import { untilParked } from './fixtures/until-parked.js'

const MEBIBYTE = 2 ** 20

const stage = new RegionStage()
afterEach(() => stage.clear())
afterAll(() => stage.end())

describe('a memory file system that is full', () => {
  test('makes openRegion fail with IPC_OUT_OF_MEMORY, leaves no file, and kills nobody', async () => {
    const { directory } = stage
    const peer = await stage.peer(withTmpfs(directory, 2 * MEBIBYTE))
    for (const more of [{}, { exclusive: true }]) {
      const opening = peer.call('open', 'large', { directory, bytes: 4 * MEBIBYTE, ...more })
      await expect(opening).rejects.toThrow(failsWith('IPC_OUT_OF_MEMORY'))
      await expect(opening).rejects.toThrow(/no space left.*--shm-size/)
    }
    expect(await peer.call('files', directory)).toEqual([])
    await peer.call('open', 'fits', { directory, bytes: 1.5 * MEBIBYTE })
    await expect(peer.call('open', 'too much', { directory, bytes: 8 })).rejects.toThrow('a name is')
    await expect(peer.call('open', 'too-much', { directory, bytes: MEBIBYTE })).rejects.toThrow(
      failsWith('IPC_OUT_OF_MEMORY'),
    )
    expect(await peer.call('files', directory)).toEqual(['fits.region'])
    await peer.call('open', 'fits', { directory })
    await peer.call('fill', 255)
    expect(await peer.call('get', 1.5 * MEBIBYTE - 1)).toBe(255)
  })

  test('has room for the region that four processes create at once, though not for four of them', async () => {
    const { directory } = stage
    const first = await stage.peer(withTmpfs(directory, 2 * MEBIBYTE))
    const command = beside(await first.call('pid'))
    const peers = [first, ...(await Promise.all([1, 2, 3].map(() => stage.peer(command))))]
    for (let round = 0; round < 10; round++) {
      const atMs = inAMoment()
      const options = { directory, bytes: 1.5 * MEBIBYTE }
      const sizes = await Promise.all(peers.map((peer) => peer.call('open', 'crowd', options, atMs)))
      expect(sizes).toEqual(new Array(4).fill(options.bytes))
      for (const peer of peers) await peer.call('close')
      await first.call('remove', 'crowd', { directory })
      expect(await first.call('files', directory)).toEqual([])
    }
  })

  test('makes connect fail with IPC_OUT_OF_MEMORY when the rings do not fit, and leaves no file', async () => {
    const { directory } = stage
    const peer = await stage.peer(withTmpfs(directory, 2 * MEBIBYTE))
    const connecting = peer.call('connect', directory, 4 * MEBIBYTE)
    await expect(connecting).rejects.toThrow(failsWith('IPC_OUT_OF_MEMORY'))
    expect(await peer.call('files', directory)).toEqual([])
    await peer.call('connect', directory, 65_536)
    expect(await peer.call('files', directory)).toEqual([])
  })

  test('is told apart from the largest file that a process may write', async () => {
    const { directory } = stage
    const peer = await stage.peer(withFileBytes(MEBIBYTE))
    const opening = peer.call('open', 'large', { directory, bytes: 2 * MEBIBYTE })
    await expect(opening).rejects.toThrow(failsWith('IPC_OUT_OF_MEMORY'))
    await expect(opening).rejects.toThrow(/ulimit -f/)
    expect(readdirSync(directory)).toEqual([])
  })
})

describe('a read-only file system', () => {
  test('lets regions be read, and everything else fail with IPC_PERMISSION_DENIED', async () => {
    const { directory } = stage
    const region = stage.open('there', { bytes: 64 })
    region.bytes[4] = 1
    const peer = await stage.peer(withReadOnly(directory))
    const denied = failsWith('IPC_PERMISSION_DENIED')
    await expect(peer.call('open', 'new', { directory, bytes: 64 })).rejects.toThrow(denied)
    await expect(peer.call('open', 'there', { directory, bytes: 64 })).rejects.toThrow(denied)
    await expect(peer.call('open', 'there', { directory })).rejects.toThrow(denied)
    await expect(peer.call('remove', 'there', { directory })).rejects.toThrow(denied)
    await expect(peer.call('open', 'x', { directory: `${directory}/new`, bytes: 64 })).rejects.toThrow(denied)
    expect(await peer.call('list', { directory })).toEqual(['there'])
    await peer.call('openReadOnly', 'there', { directory, access: 'read-only' })
    expect(await peer.call('loadInt32', 4)).toBe(1)
  })
})

describe('a process without a file descriptor left', () => {
  test('gets IPC_OUT_OF_MEMORY, leaves nothing behind, and goes on when there are some', async () => {
    const { directory } = stage
    stage.open('there', { bytes: 32_768 })
    const peer = await stage.peer(withFiles(128))
    await peer.call('open', 'there', { directory })
    await peer.call('ring', 'needs a bell')
    expect(await peer.call('useUpFiles')).toBeGreaterThan(10)
    const files = readdirSync(directory)
    for (const name of ['there', 'missing']) {
      const opening = peer.call('open', name, { directory })
      await expect(opening).rejects.toThrow(failsWith('IPC_OUT_OF_MEMORY'))
      await expect(opening).rejects.toThrow(/too many open files/)
    }
    for (const what of [
      peer.call('open', 'new', { directory, bytes: 64 }),
      peer.call('list', { directory }),
      peer.call('receive', 'needs a bell'),
    ]) {
      await expect(what).rejects.toThrow(failsWith('IPC_OUT_OF_MEMORY'))
    }
    expect(readdirSync(directory)).toEqual(files)
    await peer.call('giveBackFiles')
    expect(await peer.call('write', 'needs a bell', 1)).toBe(true)
    expect(await peer.call('receive', 'needs a bell')).toBe(1)
    await peer.call('open', 'new', { directory, bytes: 64 })
  })

  test('does not take the living for dead', async () => {
    const region = stage.open('shared', { bytes: 32_768 })
    spscRing(region, 'mine', { capacityBytes: 1024 })
    const peer = await stage.peer(withFiles(128))
    await peer.call('open', 'shared', { directory: stage.directory })
    await peer.call('ring', 'first')
    await peer.call('useUpFiles')
    // As if this process were in the middle of creating an object.
    const words = new Int32Array(region.buffer)
    const creating = (REGION_HEADER_BYTES + OBJECTS_CREATING) >> 2
    const { name } = insideOf(region).self
    Atomics.store(words, creating, name)
    await expect(peer.call('ring', 'second')).rejects.toThrow(failsWith('IPC_TIMEOUT'))
    expect(Atomics.load(words, creating)).toBe(name)
    Atomics.store(words, creating, 0)
    await peer.call('ring', 'second')
  })

  test('that cannot ring is heard all the same', async () => {
    const region = stage.open('shared', { bytes: 32_768 })
    const ring = spscRing(region, 'ring', { capacityBytes: 1024 })
    const peer = await stage.peer(withFiles(128))
    await peer.call('open', 'shared', { directory: stage.directory })
    await peer.call('useUpFiles')
    const restore = hastenSecondLooks()
    const received = ring.consumer().receive({ timeoutMs: 20_000 })
    await untilParked(region, 1)
    restore()
    expect(await peer.call('write', 'ring', 42)).toBe(true)
    expect(await received).toEqual(Uint8Array.of(42))
  })
})

describe('somebody who removes files', () => {
  test('of the region does not disturb its holders, as Python does when it ends', async () => {
    const { directory } = stage
    const region = stage.open('held', { bytes: 32_768 })
    const ring = spscRing(region, 'ring', { capacityBytes: 1024 })
    const back = spscRing(region, 'back', { capacityBytes: 1024 })
    const peer = await stage.peer()
    await peer.call('open', 'held', { directory })
    unlinkSync(`${directory}/held.region`)
    expect(() => openRegion('held', { directory })).toThrow(failsWith('IPC_CONNECT_FAILED'))
    const received = peer.call('receive', 'ring')
    await untilParked(region, 1)
    ring.producer().tryWrite(Uint8Array.of(1))
    expect(await received).toBe(1)
    const answered = back.consumer().receive({ timeoutMs: 20_000 })
    await peer.call('write', 'back', 2)
    expect(await answered).toEqual(Uint8Array.of(2))
    stage.open('held', { bytes: 8, exclusive: true })
  })

  test('of the whole directory makes waits slower, but does not end them', async () => {
    const { directory } = stage
    const region = stage.open('held', { bytes: 32_768 })
    const ring = spscRing(region, 'ring', { capacityBytes: 1024 })
    const peer = await stage.peer()
    await peer.call('open', 'held', { directory })
    await peer.call('hastenSecondLooks')
    const received = peer.call('receive', 'ring')
    await untilParked(region, 1)
    rmSync(directory, { recursive: true })
    ring.producer().tryWrite(Uint8Array.of(1))
    expect(await received).toBe(1)
    await peer.call('close')
    region.close()
    expect(existsSync(directory)).toBe(false)
    openRegion('next', { directory, bytes: 8 }).close()
    expect(readdirSync(directory)).toEqual(['next.region'])
  })
})
