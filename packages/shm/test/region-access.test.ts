import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { listRegions, openRegion, removeRegion } from '@ipc/shm'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { failsWith, type RegionPeer, RegionStage } from './fixtures/region-stage.js'
import { untilParked } from './fixtures/until-parked.js'

const ALICE = 61_001
const BOB = 61_002
const EVE = 61_003
const TEAM = 62_000

const stage = new RegionStage()
beforeAll(() => {
  if (process.getuid?.() !== 0)
    throw new Error('these tests start processes of other users: run them as root')
})
afterEach(() => stage.clear())
afterAll(() => stage.end())

/** A process of another user. */
async function processOf(uid: number, groups: readonly number[] = []): Promise<RegionPeer> {
  const peer = await stage.peer()
  // Loads what it needs as long as it may read it.
  await peer.call('open', 'first', { directory: `${stage.directory}/first`, bytes: 8 })
  await peer.call('become', uid, groups[0] ?? uid, groups)
  return peer
}

const mode = (path: string): number => statSync(path).mode & 0o777

describe('a region of one user', () => {
  test('cannot be opened, listed or removed by another one, by this package or without it', async () => {
    const region = stage.open('private', { bytes: 64 })
    const { directory } = stage
    const peer = await processOf(65_534)
    const path = `${directory}/private.region`
    await expect(peer.call('readFile', path)).rejects.toThrow('EACCES')
    await expect(peer.call('open', 'private', { directory })).rejects.toThrow(
      failsWith('IPC_PERMISSION_DENIED'),
    )
    const readOnly = { directory, access: 'read-only' } as const
    await expect(peer.call('openReadOnly', 'private', readOnly)).rejects.toThrow(
      failsWith('IPC_PERMISSION_DENIED'),
    )
    await expect(peer.call('list', { directory })).rejects.toThrow(failsWith('IPC_PERMISSION_DENIED'))
    await expect(peer.call('remove', 'private', { directory })).rejects.toThrow(
      failsWith('IPC_PERMISSION_DENIED'),
    )
    // In a directory that lets everybody through, the file is closed to others all the same.
    chmodSync(directory, 0o711)
    await expect(peer.call('readFile', path)).rejects.toThrow('EACCES')
    await expect(peer.call('openReadOnly', 'private', readOnly)).rejects.toThrow(
      failsWith('IPC_PERMISSION_DENIED'),
    )
    region.bytes[0] = 1
    expect(existsSync(path)).toBe(true)
  })

  test('is not made where somebody else could plant one', async () => {
    const directory = `${stage.directory}/planted`
    mkdirSync(directory, { mode: 0o700 })
    chownSync(directory, EVE, EVE)
    expect(() => openRegion('x', { directory, bytes: 8 })).toThrow(failsWith('IPC_PERMISSION_DENIED'))
    expect(() => openRegion('x', { directory, bytes: 8 })).toThrow(/of user 0.*found.*of user 61003/)
    chownSync(directory, 0, 0)
    for (const open of [0o701, 0o710, 0o720, 0o704, 0o777, 0o1777]) {
      chmodSync(directory, open)
      expect(() => openRegion('x', { directory, bytes: 8 })).toThrow(failsWith('IPC_PERMISSION_DENIED'))
    }
    expect(readdirSync(directory)).toEqual([])
  })

  test('is refused when its file belongs to another user, unless the mode says that this is meant', () => {
    stage.open('planted', { bytes: 64 })
    chownSync(`${stage.directory}/planted.region`, EVE, EVE)
    const { directory } = stage
    for (const more of [{}, { bytes: 64 }, { access: 'read-only' as const }]) {
      expect(() => openRegion('planted', { directory, ...more })).toThrow(failsWith('IPC_PERMISSION_DENIED'))
      expect(() => openRegion('planted', { directory, ...more })).toThrow(/belongs to user 61003/)
    }
    expect(stage.open('planted', { mode: 0o660 }).bytes.length).toBe(64)
  })
})

describe('a region with a mode', () => {
  test.each(['600', '660', '640', '644', '666', '622'])(
    'gets it, and its directory what follows from it, whatever the umask: 0o%s',
    async (octal) => {
      const wanted = Number.parseInt(octal, 8)
      const [peer] = await stage.peers(1)
      const directory = `${stage.directory}/new`
      await peer?.call('umask', 0o077)
      await peer?.call('open', 'shared', { directory, bytes: 8, mode: wanted })
      await peer?.call('umask', 0o022)
      expect(mode(`${directory}/shared.region`)).toBe(wanted)
      expect(mode(directory) & 0o066).toBe(wanted & 0o066)
      // Who may read the files may find them.
      expect(mode(directory) & 0o011).toBe((wanted & 0o044) >> 2)
    },
  )

  test('is for the users of its group, in both directions, and not for others', async () => {
    chmodSync(stage.directory, 0o1777)
    const directory = `${stage.directory}/team`
    const options = { directory, bytes: 32_768, mode: 0o660 }
    // The group that both are in is the first one of Alice, and a further one of Bob.
    const alice = await processOf(ALICE, [TEAM])
    const bob = await processOf(BOB, [BOB, TEAM])
    const eve = await processOf(EVE)
    for (const peer of [alice, bob]) await peer.call('umask', 0o077)
    await alice.call('open', 'ours', options)
    await bob.call('open', 'ours', options)
    await bob.call('open', 'bobs', options)
    await alice.call('open', 'bobs', options)
    await expect(eve.call('open', 'ours', options)).rejects.toThrow(failsWith('IPC_PERMISSION_DENIED'))
    await expect(eve.call('list', { directory })).rejects.toThrow(failsWith('IPC_PERMISSION_DENIED'))

    await alice.call('ring', 'to alice')
    await bob.call('ring', 'to bob')
    const region = stage.open('bobs', options)
    const received = [alice.call('receive', 'to alice'), bob.call('receive', 'to bob')]
    await untilParked(region, 2)
    const bells = readdirSync(directory).filter((file) => file.endsWith('.bell'))
    expect(bells.length).toBe(2)
    for (const bell of bells) {
      expect(mode(`${directory}/${bell}`)).toBe(0o660)
      expect(statSync(`${directory}/${bell}`).gid).toBe(TEAM)
    }
    await alice.call('write', 'to bob', 7)
    await bob.call('write', 'to alice', 8)
    expect(await Promise.all(received)).toEqual([8, 7])
    for (const peer of [alice, bob]) await peer.call('close')
    removeRegion('ours', { directory })
    removeRegion('bobs', { directory })
    expect(readdirSync(directory)).toEqual([])
  }, 60_000)

  test('of 0o644 can be read by everybody, and written by its user', async () => {
    chmodSync(stage.directory, 0o755)
    const directory = `${stage.directory}/public`
    const region = stage.open('news', { directory, bytes: 64, mode: 0o644 })
    new Int32Array(region.bytes.buffer, region.bytes.byteOffset, 1)[0] = 1234
    const peer = await processOf(EVE)
    const options = { directory, mode: 0o644 }
    await peer.call('openReadOnly', 'news', { ...options, access: 'read-only' })
    expect(await peer.call('loadInt32', 0)).toBe(1234)
    expect(await peer.call('list', { directory })).toEqual(['news'])
    await expect(peer.call('open', 'news', options)).rejects.toThrow(failsWith('IPC_PERMISSION_DENIED'))
    await expect(peer.call('open', 'mine', { ...options, bytes: 64 })).rejects.toThrow(
      failsWith('IPC_PERMISSION_DENIED'),
    )
    await expect(peer.call('remove', 'news', { directory })).rejects.toThrow(
      failsWith('IPC_PERMISSION_DENIED'),
    )
    expect(listRegions({ directory }).length).toBe(1)
  })
})
