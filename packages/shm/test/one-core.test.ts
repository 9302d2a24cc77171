import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { COUNT, type Way } from './fixtures/lock-objects.js'
import { LockStage } from './fixtures/lock-stage.js'
import { type Peer, startProcess } from './fixtures/peer.js'
import type { functions } from './fixtures/ping-program.js'
import { type TemporaryDirectory, temporaryMemoryDirectory } from './fixtures/temporary-directory.js'

const PROGRAM = new URL('./fixtures/ping-program.ts', import.meta.url)

/** Runs a command on the first core that this process may use. */
const launcher = process.platform === 'linux' ? ['taskset', '-c', firstCore()] : []

function firstCore(): string {
  const allowed = /^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))
  return allowed?.[1] ?? '0'
}

describe('two processes on one core', () => {
  let place: TemporaryDirectory
  let peers: Peer<typeof functions>[] = []
  beforeAll(async () => {
    place = temporaryMemoryDirectory()
    peers = await Promise.all([startProcess(PROGRAM, launcher), startProcess(PROGRAM, launcher)])
  })
  afterAll(async () => {
    await Promise.all(peers.map((peer) => peer.kill()))
    place.remove()
  })

  test.each(['block', 'spin'] as const)('play ping-pong with strategy %s', async (strategy) => {
    const game = { directory: place.directory, name: strategy, strategy, rounds: 2000 }
    const [median] = await Promise.all([peers[0]!.call('ping', game), peers[1]!.call('pong', game)])
    console.log(`one core, ${strategy}: median round trip ${median.toFixed(1)} us`)
    expect(median).toBeGreaterThan(0)
  })
})

describe('four processes on one core', () => {
  const stage = new LockStage()
  afterAll(() => stage.end())

  test('contend for a mutex in every way', async () => {
    const { place, words } = stage.named()
    const peers = await stage.processes(4, place, launcher)
    const ways: Way[][] = [['sync'], ['sync'], ['async'], ['async', 'sync', 'try']]
    const start = performance.now()
    await Promise.all(peers.map((peer, index) => peer.call('increment', 500, ways[index]!, peers.length)))
    const perLock = (1000 * (performance.now() - start)) / 2000
    console.log(`one core, mutex: 4 contenders, ${perLock.toFixed(1)} us from one to the next`)
    expect(words[COUNT]).toBe(2000)
  })
})
