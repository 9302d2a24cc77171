import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { crc32 } from 'node:zlib'
import { struct } from '@ipc/core'
import { INSTALL_TIMEOUT_MS, installPackages } from '@ipc/debian'
import { openRegion, type Region, type Ring, sharedValue, spscRing } from '@ipc/shm'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type TemporaryDirectory, temporaryDirectory } from './fixtures/temporary-directory.js'

// LAYOUT.md is enough to write a peer in another language: ring_peer.py knows nothing else.

const PEER = fileURLToPath(new URL('fixtures/ring_peer.py', import.meta.url))
const WATCHDOG_MS = 25_000

const CAPACITY_BYTES = 4096
const RECORDS = 5000

// Of LAYOUT.md: the body of the first object of a region, in words of the payload, and positions in it.
const BODY = (8320 + 128) / 4
const TAIL = BODY
const HEAD = BODY + 128 / 4
const VERSION = BODY

interface Peer {
  readonly child: ChildProcess
  /** All that it prints, when it has ended well. */
  readonly lines: Promise<string[]>
  /** Aborted when it fails, so that nobody waits for it. */
  readonly failed: AbortSignal
}

let place: TemporaryDirectory
let region: Region
let peer: Peer | undefined

beforeAll(() => installPackages({ packages: ['python3'], isThere: 'command -v python3' }), INSTALL_TIMEOUT_MS)
beforeEach(() => {
  place = temporaryDirectory()
  region = openRegion('both', { directory: place.directory, bytes: 65_536 })
})
afterEach(async () => {
  if (peer !== undefined && peer.child.exitCode === null && peer.child.signalCode === null) {
    peer.child.kill('SIGKILL')
    await once(peer.child, 'close')
  }
  peer = undefined
  region.close()
  const left = readdirSync(place.directory)
  place.remove()
  expect(left).toEqual(['both.region'])
})

describe('a peer in Python', () => {
  test('reads every record of a Node producer, and wakes it when there is room', async () => {
    const producer = ring().producer()
    const expected: string[] = []
    const { lines, failed } = start('read', 'ring', RECORDS)
    for (let number = 0; number < RECORDS; number++) {
      const payload = payloadOf(number, producer.maxRecordBytes)
      expected.push(`${number} ${payload.length} ${crc32(payload)}`)
      await producer.write(payload, { kind: number, signal: failed, timeoutMs: WATCHDOG_MS })
    }
    const seen = await lines
    expect(wokenOf(seen)).toBeGreaterThan(0)
    expect(seen.slice(0, -1)).toEqual(expected)
  })

  test('writes records that a Node consumer reads, and waits while the ring is full', async () => {
    const consumer = ring().consumer()
    const { child, lines, failed } = start('write', 'ring', RECORDS)
    await once(child.stdout!, 'data', { signal: failed })
    let number = 0
    while (number < RECORDS) {
      consumer.read((bytes, from, to, kind) => {
        expect(kind).toBe(number)
        const expected = payloadOf(number, CAPACITY_BYTES / 4 - 8)
        expect(Buffer.compare(bytes.subarray(from, to), expected)).toBe(0)
        number++
      })
      if (number < RECORDS) await consumer.wait({ signal: failed, timeoutMs: WATCHDOG_MS })
    }
    expect((await lines)[0]).toBe('full')
    expect(consumer.tryReceive()).toBeUndefined()
  })

  test('wakes a parked Node consumer for a record', async () => {
    const consumer = ring().consumer()
    const count = 200
    const { lines, failed } = start('answer', 'ring', count)
    for (let number = 0; number < count; number++) {
      const record = await consumer.receive({ signal: failed, timeoutMs: WATCHDOG_MS })
      expect(Buffer.compare(record, payloadOf(number, CAPACITY_BYTES / 4 - 8))).toBe(0)
    }
    expect(wokenOf(await lines)).toBeGreaterThan(0)
  })

  test('gets and sets a shared value of a struct codec', async () => {
    const codec = struct({ id: 'u32', live: 'bool', price: 'f64' })
    const value = sharedValue(region, 'tick', { codec })
    // The one of Python's values that would have version 0 gets 1.
    words()[VERSION] = -4
    for (const [number, version] of [-2, 1, 3].entries()) {
      const tick = { id: 2 ** 32 - 1 - number, live: number % 2 === 0, price: number + 0.25 }
      value.set(tick)
      const got = await start('get', 'tick').lines
      expect(got[0]).toBe(`${tick.id} ${tick.live ? 'True' : 'False'} ${tick.price}`)
      expect(value.get()).toEqual(tick)
      const { lines, failed } = start('set', 'tick', number, tick.live ? 'False' : 'True', -tick.price)
      await value.changed({ signal: failed, timeoutMs: WATCHDOG_MS })
      expect(value.get()).toEqual({ id: number, live: !tick.live, price: -tick.price })
      expect(value.version).toBe(version)
      await lines
    }
  })
})

/** A small ring, whose positions soon wrap to negative numbers. */
function ring(): Ring {
  const made = spscRing(region, 'ring', { capacityBytes: CAPACITY_BYTES })
  words()[TAIL] = 2 ** 31 - 16 * CAPACITY_BYTES
  words()[HEAD] = 2 ** 31 - 16 * CAPACITY_BYTES
  return made
}

function words(): Int32Array {
  return new Int32Array(region.bytes.buffer, region.bytes.byteOffset)
}

const PATTERN = Buffer.from(Array.from({ length: 2048 }, (_, index) => index & 0xff))

/** The payload of a record, as ring_peer.py makes it: all lengths from 0 to the longest. */
function payloadOf(number: number, longest: number): Uint8Array {
  const start = number & 0xff
  return PATTERN.subarray(start, start + ((number * 61) % (longest + 1)))
}

function start(command: string, name: string, ...rest: readonly (string | number)[]): Peer {
  const args = [PEER, command, place.directory, 'both', name, ...rest.map(String)]
  const child = spawn('python3', args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const failure = new AbortController()
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text
  })
  const output: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => output.push(line))
  const lines = once(child, 'close').then(([code, signal]) => {
    if (code === 0) return output
    const error = new Error(`ring_peer.py ended with ${code ?? signal}: ${complaint}`)
    failure.abort(error)
    throw error
  })
  // Who waits for something else is told by `failed`.
  lines.catch(() => {})
  peer = { child, lines, failed: failure.signal }
  return peer
}

function wokenOf(lines: readonly string[]): number {
  const last = lines.at(-1) ?? ''
  expect(last).toMatch(/^woken \d+$/)
  return Number(last.split(' ')[1])
}
