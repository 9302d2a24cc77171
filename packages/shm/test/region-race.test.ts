import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { listRegions, openRegion, removeRegion } from '@ipc/shm'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { failsWith, inAMoment, type RegionPeer, RegionStage } from './fixtures/region-stage.js'

const PROCESSES = 8

const stage = new RegionStage()
afterEach(() => stage.clear())
afterAll(() => stage.end())

/** All open the region in the same moment; returns how many did, and the codes of those who did not. */
async function openAll(
  peers: readonly RegionPeer[],
  name: string,
  options: Parameters<typeof openRegion>[1] & object,
): Promise<{ opened: number; codes: unknown[] }> {
  const atMs = inAMoment()
  const results = await Promise.allSettled(
    peers.map((peer) => peer.call('open', name, { directory: stage.directory, ...options } as object, atMs)),
  )
  const rejected = results.filter((result) => result.status === 'rejected')
  return {
    opened: results.length - rejected.length,
    codes: rejected.map(({ reason }) => (reason as { code?: unknown }).code ?? String(reason)),
  }
}

describe('openRegion raced by 8 processes', () => {
  test('has one winner when it is exclusive, every time', async () => {
    const peers = await stage.peers(PROCESSES)
    for (let round = 0; round < 20; round++) {
      const { opened, codes } = await openAll(peers, `exclusive-${round}`, { bytes: 65_536, exclusive: true })
      expect(opened).toBe(1)
      expect(codes).toEqual(new Array(PROCESSES - 1).fill('IPC_ADDRESS_IN_USE'))
    }
    expect(readdirSync(stage.directory).length).toBe(20)
  })

  test('gives all of them the same memory, and loses no write', async () => {
    const peers = await stage.peers(PROCESSES)
    for (let round = 0; round < 20; round++) {
      const name = `shared-${round}`
      expect(await openAll(peers, name, { bytes: 4096 })).toEqual({ opened: PROCESSES, codes: [] })
      await Promise.all(peers.map((peer) => peer.call('add', 1000)))
      const { bytes } = stage.open(name)
      expect(new Int32Array(bytes.buffer, bytes.byteOffset, 1)[0]).toBe(1000 * PROCESSES)
    }
    expect(readdirSync(stage.directory).length).toBe(20)
  })

  test('gives everybody a region while another process keeps removing it', async () => {
    const [remover, ...peers] = await stage.peers(4)
    const options = { directory: stage.directory, bytes: 4096 }
    let over = false
    const opening = Promise.all(
      peers.map(async (peer) => {
        for (let i = 0; i < 100; i++) expect(await peer.call('open', 'churn', options)).toBe(4096)
      }),
    ).finally(() => {
      over = true
    })
    while (!over) await remover?.call('remove', 'churn', { directory: stage.directory })
    await opening
    removeRegion('churn', stage)
    expect(readdirSync(stage.directory)).toEqual([])
  })
})

/** Resolves when somebody has begun to create a region. */
async function begun(): Promise<void> {
  while (readdirSync(stage.directory).length === 0) await new Promise((resolve) => setImmediate(resolve))
}

describe('openRegion when a creator is killed', () => {
  test('leaves nothing of what the dead one had begun, and works', async () => {
    const options = { directory: stage.directory, bytes: 2 ** 28 }
    let killed = 0
    while (killed < 2) {
      const peer = await stage.peer()
      const opening = peer.call('open', 'half-done', options)
      await begun()
      await peer.kill()
      // It may have been done before.
      if (removeRegion('half-done', stage)) continue
      await expect(opening).rejects.toThrow('SIGKILL')
      expect(readdirSync(stage.directory).length).toBe(1)
      killed++
    }
    stage.open('another', { bytes: 64 })
    expect(readdirSync(stage.directory)).toEqual(['another.region'])
  })

  test('leaves alone what a living one has begun', async () => {
    const peer = await stage.peer()
    const opening = peer.call('open', 'slow', { directory: stage.directory, bytes: 2 ** 28 })
    await begun()
    stage.open('quick', { bytes: 64 })
    expect(await opening).toBe(2 ** 28)
    expect(readdirSync(stage.directory).sort()).toEqual(['quick.region', 'slow.region'])
  })
})

describe('openRegion where something else has the name', () => {
  test.each(['a link to nowhere', 'a directory', 'a socket', 'a pipe', 'a text'])(
    'refuses %s',
    async (what) => {
      const path = `${stage.directory}/taken.region`
      const make: Record<string, [string, string[]]> = {
        'a link to nowhere': ['ln', ['-s', '/nowhere', path]],
        'a directory': ['mkdir', [path]],
        'a pipe': ['mkfifo', [path]],
        'a socket': [
          process.execPath,
          ['-e', `require('net').createServer().listen('${path}',()=>process.kill(process.pid,9))`],
        ],
      }
      const [command, args] = make[what] ?? ['true', []]
      await once(spawn(command, args, { stdio: 'ignore' }), 'exit')
      if (what === 'a text') writeFileSync(path, 'x'.repeat(1000))
      for (const options of [{}, { bytes: 64 }, { access: 'read-only' as const }]) {
        expect(() => openRegion('taken', { directory: stage.directory, ...options })).toThrow(
          failsWith('IPC_PROTOCOL'),
        )
      }
      expect(() => stage.open('taken', { bytes: 64, exclusive: true })).toThrow(
        failsWith('IPC_ADDRESS_IN_USE'),
      )
      expect(listRegions(stage)).toEqual([])
      rmSync(path, { recursive: true })
      expect(readdirSync(stage.directory)).toEqual([])
    },
  )
})
