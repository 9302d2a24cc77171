import { execFileSync } from 'node:child_process'
import { closeSync, constants, fstatSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs'
import { openRegion, type Region, waitAny } from '@ipc/shm'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { bellsOpenIn, filesOpen } from './fixtures/open-files.js'
import { startThread } from './fixtures/peer.js'
import { untilState } from './fixtures/process-state.js'
import { untilParked } from './fixtures/until-parked.js'
import type { functions } from './fixtures/wait-program.js'
import { ringIn, WaitStage } from './fixtures/wait-stage.js'

const PATIENCE_MS = 20_000

const stage = new WaitStage('process')
afterEach(() => stage.clear())
afterAll(() => stage.end())

function bells(directory = stage.directory): string[] {
  return readdirSync(directory).filter((file) => file.includes('.bell'))
}

describe('the doorbell of a process', () => {
  test('is one for 200 rings that it waits for at once, each of which wakes it', async () => {
    const { region, place } = stage.region(2 ** 20)
    const peer = await stage.lonePeer(place)
    const names = Array.from({ length: 200 }, (_, index) => `ring ${index}`)
    const rings = names.map((name) => ringIn(region, name))
    for (const number of [0, 199, 77]) {
      const first = peer.call('receiveFirst', names)
      await untilParked(region, 1)
      expect((await peer.call('openFiles', stage.directory)).bells).toBe(1)
      rings[number]?.producer().tryWrite(Uint8Array.of(1))
      expect(await first).toBe(names[number])
      expect(await peer.call('receive', names[number] as string)).toBe(1)
    }
  })

  test('is one for all regions of a directory, opened and closed in any order', async () => {
    const regions: Region[] = []
    const open = (): Region => {
      const region = openRegion(`region-${regions.length}`, { directory: stage.directory, bytes: 65_536 })
      ringIn(region)
      regions.push(region)
      return region
    }
    try {
      const [first, second] = [open(), open()]
      // One that has no waits yet, and one that ends in between.
      const { place } = stage.region()
      const late = openRegion((place as { name: string }).name, { directory: stage.directory })
      regions.push(late)
      ringIn(late)
      first.close()
      second.close()
      const others = Array.from({ length: 5 }, open)
      const any = waitAny([late, ...others].map((region) => ringIn(region).consumer()))
      for (const region of [late, ...others]) await untilParked(region, 1)
      expect(bells().length).toBe(1)
      expect(bellsOpenIn(stage.directory)).toBe(1)
      ringIn(others[3] as Region)
        .producer()
        .tryWrite(Uint8Array.of(1))
      expect(await any).toBe(4)
    } finally {
      for (const [index, region] of regions.entries()) {
        region.close()
        rmSync(`${stage.directory}/region-${index}.region`, { force: true })
      }
    }
  })

  test('is gone when nothing of the directory is open any more, and what it had open to ring others', async () => {
    const { region, place } = stage.region()
    const peer = await stage.lonePeer(place)
    const before = await peer.call('openFiles', stage.directory)
    const consumer = ringIn(region).consumer()
    for (let round = 0; round < 3; round++) {
      const received = consumer.receive()
      await untilParked(region, 1)
      await peer.call('write', 'ring', round)
      expect(await received).toEqual(Uint8Array.of(round))
      expect(await peer.call('openFiles', stage.directory)).toEqual({ files: before.files + 1, bells: 1 })
      await peer.call('close')
      // The region's file too.
      expect(await peer.call('openFiles', stage.directory)).toEqual({ files: before.files - 1, bells: 0 })
      await peer.call('open', place)
    }
    region.close()
    expect(bells()).toEqual([])
  })

  test('does not keep the bells of all that were ever rung', async () => {
    const { region, place } = stage.region()
    const peer = await stage.lonePeer(place)
    const { directory } = stage
    const name = (place as { name: string }).name
    ringIn(region)
    region.close()
    for (let round = 0; round < 300; round++) {
      const one = openRegion(name, { directory })
      const received = ringIn(one).consumer().receive({ timeoutMs: PATIENCE_MS })
      await untilParked(one, 1)
      await peer.call('write', 'ring', round & 0xff)
      expect(await received).toEqual(Uint8Array.of(round & 0xff))
      one.close()
    }
    expect((await peer.call('openFiles', directory)).bells).toBeLessThanOrEqual(130)
    expect(bells()).toEqual([])
  })

  test('in 20 directories is no leak to Node', async () => {
    const warnings: Error[] = []
    const listener = (warning: Error): void => void warnings.push(warning)
    process.on('warning', listener)
    const directories = Array.from({ length: 20 }, (_, index) => `${stage.directory}/${index}`)
    const regions = directories.map((directory) => openRegion('region', { directory, bytes: 65_536 }))
    const any = waitAny(regions.map((region) => ringIn(region).consumer()))
    for (const region of regions) await untilParked(region, 1)
    ringIn(regions[19] as Region)
      .producer()
      .tryWrite(Uint8Array.of(1))
    expect(await any).toBe(19)
    for (const region of regions) region.close()
    for (const directory of directories) rmSync(directory, { recursive: true })
    process.off('warning', listener)
    expect(warnings).toEqual([])
  })
})

describe('the doorbell of a process that ended', () => {
  test.each(['SIGKILL', 'SIGTERM', 'SIGINT'])('is removed by the next one after %s', async (signal) => {
    const { region, place } = stage.region()
    const peer = await stage.lonePeer(place)
    const received = peer.call('receive', 'ring')
    await untilParked(region, 1)
    const [left] = bells()
    process.kill(await peer.call('pid'), signal)
    await expect(received).rejects.toThrow(`the program ended: ${signal}`)
    expect(bells()).toEqual([left])
    const next = ringIn(region).consumer().wait()
    await untilParked(region, 1)
    expect(bells().length).toBe(1)
    expect(bells()).not.toEqual([left])
    ringIn(region).producer().tryWrite(Uint8Array.of(1))
    await next
  })

  test.each([
    ['exit', (peer: Peer) => peer.call('exit', 3), '3'],
    ['an exception', (peer: Peer) => peer.call('throwLater'), '1'],
  ])('is gone after %s', async (_, end, code) => {
    const { region, place } = stage.region()
    const peer = await stage.lonePeer(place, ['sh', '-c', '"$0" "$@" 2>/dev/null'])
    const received = peer.call('receive', 'ring')
    await untilParked(region, 1)
    expect(bells().length).toBe(1)
    end(peer).catch(() => {})
    await expect(received).rejects.toThrow(`the program ended: ${code}`)
    expect(bells()).toEqual([])
  })

  test('is removed though a program that the process has started goes on', async () => {
    const { region, place } = stage.region()
    const peer = await stage.lonePeer(place)
    peer.call('receive', 'ring')
    await untilParked(region, 1)
    const [left] = bells()
    const sleeper = await peer.call('startSleeper')
    try {
      await peer.kill()
      ringIn(region, 'other')
      expect(bells()).not.toContain(left)
    } finally {
      process.kill(sleeper)
    }
  })

  test('is removed also when it was never finished', async () => {
    execFileSync('mkfifo', [`${stage.directory}/0123456789abcdef.bell.new`])
    const { region } = stage.region()
    const received = ringIn(region).consumer().receive()
    expect(bells().length).toBe(1)
    expect(bells()[0]).not.toContain('.new')
    ringIn(region).producer().tryWrite(Uint8Array.of(1))
    await received
  })
})

describe('the doorbell of a process that is stopped', () => {
  test('does not block who rings it, even when its pipe is full', async () => {
    const { region, place } = stage.region()
    const peer = await stage.lonePeer(place)
    const received = peer.call('receive', 'ring', { timeoutMs: PATIENCE_MS })
    await untilParked(region, 1)
    const pid = await peer.call('pid')
    await untilParked(region, 1)
    process.kill(pid, 'SIGSTOP')
    await untilState(pid, 'T')
    const pipe = openSync(`${stage.directory}/${bells()[0]}`, constants.O_WRONLY | constants.O_NONBLOCK)
    expect(() => {
      while (true) writeSync(pipe, new Uint8Array(4096))
    }).toThrow('EAGAIN')
    expect(() => {
      while (true) writeSync(pipe, new Uint8Array(1))
    }).toThrow('EAGAIN')
    closeSync(pipe)
    for (const value of [1, 2, 3]) expect(ringIn(region).producer().tryWrite(Uint8Array.of(value))).toBe(true)
    process.kill(pid, 'SIGCONT')
    expect(await received).toBe(1)
    expect(await peer.call('receive', 'ring')).toBe(2)
  })
})

describe('the doorbell of a worker thread', () => {
  test('is closed once: no file that the process has opened since is closed with it', async () => {
    const { place } = stage.region()
    const program = new URL('./fixtures/wait-program.ts', import.meta.url)
    const peer = await startThread<typeof functions>(program)
    const before = filesOpen()
    await peer.call('open', place)
    expect(await peer.call('receive', 'ring', { timeoutMs: 5 })).toBe('IPC_TIMEOUT')
    expect(bellsOpenIn(stage.directory)).toBe(1)
    await peer.call('close')
    while (filesOpen() > before) await new Promise((resolve) => setImmediate(resolve))
    const files = Array.from({ length: 20 }, () => openSync('/dev/null', 'r'))
    await peer.kill()
    for (const file of files) {
      fstatSync(file)
      closeSync(file)
    }
    expect(bells()).toEqual([])
  })

  test('is closed when the thread is terminated', async () => {
    const { region, place } = stage.region()
    const program = new URL('./fixtures/wait-program.ts', import.meta.url)
    const before = filesOpen()
    for (let round = 0; round < 3; round++) {
      const peer = await startThread<typeof functions>(program)
      await peer.call('open', place)
      peer.call('receive', 'ring')
      await untilParked(region, 1)
      await peer.kill()
      expect(bellsOpenIn(stage.directory)).toBe(0)
    }
    while (filesOpen() > before) await new Promise((resolve) => setImmediate(resolve))
    const received = ringIn(region).consumer().receive()
    await untilParked(region, 1)
    ringIn(region).producer().tryWrite(Uint8Array.of(9))
    expect(await received).toEqual(Uint8Array.of(9))
  })
})

type Peer = Awaited<ReturnType<WaitStage['lonePeer']>>
