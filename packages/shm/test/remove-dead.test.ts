import { execFileSync } from 'node:child_process'
import { closeSync, constants, existsSync, openSync, readdirSync, writeFileSync } from 'node:fs'
import { openRegion, shm, spscRing } from '@ipc/shm'
import { listConnections, listListeners, removeDead, removeUnused } from '@ipc/shm/inspect'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { whileAlone } from '../src/inspect/while-alone.js'
import { type Peer, startProcess } from './fixtures/peer.js'
import { untilState } from './fixtures/process-state.js'
import type { functions } from './fixtures/recovery-program.js'
import { failsWith, RegionStage } from './fixtures/region-stage.js'

const PROGRAM = new URL('./fixtures/recovery-program.ts', import.meta.url)
const RACES = 300

type RecoveryPeer = Peer<typeof functions> & { readonly pid: number }

const stage = new RegionStage()
let peers: RecoveryPeer[]
beforeEach(() => {
  peers = []
})
afterEach(async () => {
  await Promise.all(peers.map((peer) => peer.kill()))
  await stage.clear()
})
afterAll(() => stage.end())

/** A process that has objects in a region of that name. */
async function startPeer(name: string): Promise<RecoveryPeer> {
  const peer = await startProcess<typeof functions>(PROGRAM)
  const started = { ...peer, pid: await peer.call('open', { directory: stage.directory, name }) }
  peers.push(started)
  return started
}

function files(): string[] {
  return readdirSync(stage.directory).sort()
}

describe('removeDead', () => {
  test('removes the region of a killed process, and neither that of a living nor of a stopped one', async () => {
    const started = await Promise.all(['killed', 'living', 'stopped'].map(startPeer))
    const [killed, , stopped] = started as [RecoveryPeer, RecoveryPeer, RecoveryPeer]
    await killed.kill()
    process.kill(stopped.pid, 'SIGSTOP')
    await untilState(stopped.pid, 'T')
    const dryRun = await removeDead({ directory: stage.directory, dryRun: true })
    expect(dryRun).toMatchObject([{ what: 'region', name: 'killed', bytes: 128 + 65_536 }])
    expect(files()).toContain('killed.region')
    expect(await removeDead({ directory: stage.directory, unused: true })).toEqual(dryRun)
    expect(files()).toEqual(['living.region', 'stopped.region'])
    expect(await removeDead({ directory: stage.directory, unused: true })).toEqual([])
  })

  test('leaves a region that somebody else has open, in whatever way', async () => {
    const peer = await startPeer('shared')
    // One that has no slot, and could not be asked for a lock.
    const reader = openRegion('shared', { directory: stage.directory, access: 'read-only' })
    await peer.kill()
    expect(await removeDead({ directory: stage.directory, unused: true })).toEqual([])
    expect(reader.loadInt32(0)).not.toBe(0)
    reader.close()
  })

  test('leaves a region that all have left in order, unless the unused are asked for', async () => {
    stage.open('bytes', { bytes: 100 }).close()
    const region = stage.open('objects', { bytes: 65_536 })
    spscRing(region, 'ring', { capacityBytes: 1024 })
    region.close()
    expect(await removeDead({ directory: stage.directory })).toEqual([])
    expect(await removeDead({ directory: stage.directory, unused: true })).toMatchObject([
      { name: 'bytes', bytes: 228 },
      { name: 'objects' },
    ])
    expect(files()).toEqual([])
  })

  test('removes what a dead listener left, and its doorbell, and knows a living one', async () => {
    const script = `
      await shm({ directory: ${JSON.stringify(stage.directory)} }).listen('dead')
      const region = openRegion('parked', { directory: ${JSON.stringify(stage.directory)}, bytes: 65536 })
      spscRing(region, 'ring', { capacityBytes: 1024 }).consumer().wait().catch(() => {})
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), 100)`
    runProgram(script)
    const listener = await shm({ directory: stage.directory }).listen('living')
    expect(await listListeners(stage)).toEqual([
      { name: 'dead', alive: false, pid: undefined },
      { name: 'living', alive: true, pid: process.pid },
    ])
    const removed = await removeDead({ directory: stage.directory })
    expect(removed.map(({ what }) => what).sort()).toEqual(['doorbell', 'listener', 'region'])
    expect(files()).toEqual(['living.lock', 'living.sock'])
    await listener.close()
  })

  test('removes an unfinished region, and touches nothing that it does not know', async () => {
    const unfinished = `${stage.directory}/new.region.0123456789abcdef.new`
    for (const path of [unfinished, `${stage.directory}/other.region`, `${stage.directory}/notes.txt`]) {
      writeFileSync(path, 'text')
    }
    expect(await removeDead({ directory: stage.directory, unused: true })).toMatchObject([
      { what: 'unfinished region', path: unfinished },
    ])
    expect(files()).toEqual(['notes.txt', 'other.region'])
    expect(await removeDead({ directory: `${stage.directory}/nothing` })).toEqual([])
  })

  test('disturbs nobody who opens regions meanwhile', async () => {
    const peer = await startPeer('busy')
    let running = true
    const removing = (async () => {
      while (running) {
        await removeDead({ directory: stage.directory })
        await new Promise((resolve) => setImmediate(resolve))
      }
    })()
    try {
      for (let race = 0; race < RACES; race++) {
        await peer.call('close')
        await peer.call('open', { directory: stage.directory, name: 'busy' })
        await peer.call('write', 1)
      }
    } finally {
      running = false
      await removing
    }
    expect(existsSync(`${stage.directory}/busy.region`)).toBe(true)
  })
})

test('who opens a file that somebody has to himself waits a while, and then says so', () => {
  stage.open('mine', { bytes: 100 }).close()
  const open = (): void => openRegion('mine', { directory: stage.directory }).close()
  const fd = openSync(`${stage.directory}/mine.region`, constants.O_RDONLY)
  try {
    let isAlone = false
    whileAlone(fd, () => {
      isAlone = true
      expect(open).toThrow(failsWith('IPC_CONNECT_FAILED'))
    })
    expect(isAlone).toBe(true)
  } finally {
    closeSync(fd)
  }
  open()
})

test('listConnections finds the memory of a connection, which has no name, and its positions', async () => {
  const transport = shm({ directory: stage.directory })
  const listener = await transport.listen('talk')
  const [server, client] = await Promise.all([listener.accept(), transport.connect('talk')])
  expect(listConnections(stage)).toMatchObject([
    {
      name: 'talk',
      pids: [process.pid],
      rings: { codec: 'msgpack', accepted: { tail: 0 }, connected: { tail: 0 } },
    },
  ])
  client.send('hello')
  expect(await server.receive()).toBe('hello')
  // A header of 8 bytes, and a text of 6.
  expect(listConnections(stage)[0]?.rings).toMatchObject({
    capacityBytes: 2 ** 20,
    accepted: { head: 0, tail: 0, lagBytes: 0 },
    connected: { tail: 16 },
  })
  await Promise.all([server.close(), client.close()])
  await listener.close()
})

/** Run a program of modules to its end, or its death. */
function runProgram(body: string): void {
  const source = `
    import { openRegion, shm, spscRing } from '@ipc/shm'
    ${body}`
  try {
    execFileSync(
      process.execPath,
      [
        '--import',
        import.meta.resolve('tsx'),
        '--conditions=@ipc/source',
        '--input-type=module',
        '-e',
        source,
      ],
      { cwd: new URL('.', import.meta.url), stdio: ['ignore', 'inherit', 'inherit'] },
    )
  } catch (error) {
    if ((error as { signal?: string }).signal !== 'SIGKILL') throw error
  }
}

describe('removeUnused', () => {
  test('removes a region of whatever version that nobody has open, and no other', async () => {
    expect(removeUnused('shared', stage)).toBe(false)
    const peer = await startPeer('shared')
    const reader = openRegion('shared', { directory: stage.directory, access: 'read-only' })
    expect(removeUnused('shared', stage)).toBe(false)
    await peer.kill()
    expect(removeUnused('shared', stage)).toBe(false)
    reader.close()
    writeFileSync(`${stage.directory}/strange.region`, 'of a version to come')
    expect(['shared', 'strange'].map((name) => removeUnused(name, stage))).toEqual([true, true])
    expect(files()).toEqual([])
    expect(() => removeUnused('../x', stage)).toThrow(TypeError)
  })

  test('never takes a region from one who opens it meanwhile', async () => {
    const peer = await startPeer('busy')
    await peer.kill()
    for (let round = 0; round < RACES; round++) {
      const region = openRegion('busy', { directory: stage.directory, bytes: 65_536 })
      expect(removeUnused('busy', stage)).toBe(false)
      region.close()
      expect(removeUnused('busy', stage)).toBe(true)
    }
  })
})
