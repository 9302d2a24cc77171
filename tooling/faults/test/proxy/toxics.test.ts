import {
  bandwidth,
  blackHole,
  flip,
  latency,
  limitBytes,
  resetAfter,
  slice,
  slowClose,
  type Toxic,
} from '@ipc/faults'
import { describe, expect, test } from 'vitest'
import { pattern, startNetwork, turns, until } from './network.js'

const NEVER_MS = 1_000_000_000
const BYTES = pattern(20_000)

describe('latency', () => {
  test('delays every byte, and FIN, by its time', async () => {
    await using network = await startNetwork({ up: [latency({ ms: 30 })] })
    const { dialer, listener } = await network.connect()
    const beganMs = performance.now()
    dialer.socket.end(BYTES)
    await listener.bytes(1)
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(30)
    expect(BYTES.equals(await listener.all())).toBe(true)
  })

  test('leaves the other direction alone', async () => {
    await using network = await startNetwork({ up: [latency({ ms: NEVER_MS })] })
    const { dialer, listener, connection } = await network.connect()
    dialer.socket.write('question')
    listener.socket.end('answer')
    expect(String(await dialer.all())).toBe('answer')
    expect(connection.bytesUp).toBe(0)
  })

  test('keeps the order when it jitters', async () => {
    await using network = await startNetwork({ up: [latency({ ms: 3, jitterMs: 3 })] })
    const { dialer, listener } = await network.connect()
    for (let index = 0; index < BYTES.length; index += 500) {
      dialer.socket.write(BYTES.subarray(index, index + 500))
      await turns(1)
    }
    dialer.socket.end()
    expect(BYTES.equals(await listener.all())).toBe(true)
  })
})

describe('bandwidth', () => {
  test('takes its time, byte by byte', async () => {
    await using network = await startNetwork({ up: [bandwidth({ bytesPerSecond: 200_000 })] })
    const { dialer, listener } = await network.connect()
    const recorder = network.proxy.record()
    const beganMs = performance.now()
    dialer.socket.end(BYTES)
    expect(BYTES.equals(await listener.all())).toBe(true)
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(100)
    const written = recorder.events.filter(({ kind }) => kind === 'bytes').map(({ bytes }) => bytes.length)
    expect(Math.max(...written)).toBeLessThanOrEqual(4000)
  })
})

describe('slice', () => {
  test('writes one byte after the other', async () => {
    await using network = await startNetwork({ up: [slice({ bytes: 1 })] })
    const { dialer, listener } = await network.connect()
    const recorder = network.proxy.record()
    const sent = BYTES.subarray(0, 2000)
    dialer.socket.end(sent)
    expect(sent.equals(await listener.all())).toBe(true)
    const written = recorder.events.filter(({ kind }) => kind === 'bytes')
    expect(written.map(({ bytes }) => bytes.length)).toEqual(new Array(2000).fill(1))
    expect(listener.chunks.length).toBeGreaterThan(1000)
  })

  test('cuts at the same places however the bytes come', async () => {
    await using network = await startNetwork({ up: [slice({ bytes: 7 })] })
    const { dialer, listener } = await network.connect()
    const recorder = network.proxy.record()
    let start = 0
    for (const end of [5, 6, 10, 11, 30, 35]) {
      dialer.socket.write(BYTES.subarray(start, end))
      await listener.bytes(end)
      start = end
    }
    const ends: number[] = []
    for (const { bytes } of recorder.events) ends.push((ends.at(-1) ?? 0) + bytes.length)
    expect(ends).toEqual([5, 6, 7, 10, 11, 14, 21, 28, 30, 35])
    expect(listener.received.equals(BYTES.subarray(0, 35))).toBe(true)
  })

  test('waits between two slices', async () => {
    await using network = await startNetwork({ up: [slice({ bytes: 10, delayMs: 5 })] })
    const { dialer, listener } = await network.connect()
    const recorder = network.proxy.record()
    dialer.socket.end(BYTES.subarray(0, 50))
    await listener.all()
    const times = recorder.events.map(({ atMs }) => atMs)
    expect(times[4]! - times[0]!).toBeGreaterThanOrEqual(19)
  })
})

describe('resetAfter', () => {
  test('passes exactly so many bytes and resets both sides', async () => {
    await using network = await startNetwork({ up: [resetAfter({ bytes: 1234 })] })
    const { dialer, listener, connection } = await network.connect()
    dialer.socket.write(BYTES)
    expect(await listener.fate()).toBe('ECONNRESET')
    expect(listener.received.equals(BYTES.subarray(0, 1234))).toBe(true)
    expect(connection.bytesUp).toBe(1234)
    expect(await dialer.fate()).toBe('ECONNRESET')
    await connection.closed
  })

  test('passes FIN when it comes before', async () => {
    await using network = await startNetwork({ up: [resetAfter({ bytes: 1234 })] })
    const { dialer, listener } = await network.connect()
    dialer.socket.end('short')
    expect(String(await listener.all())).toBe('short')
    listener.socket.end()
    expect([await dialer.fate(), await listener.fate()]).toEqual(['closed', 'closed'])
  })

  test('resets after a time, also when nothing is sent', async () => {
    await using network = await startNetwork({ down: [blackHole({ mode: 'hold' }), resetAfter({ ms: 20 })] })
    const { dialer, listener } = await network.connect()
    expect([await dialer.fate(), await listener.fate()]).toEqual(['ECONNRESET', 'ECONNRESET'])
  })

  test('is chosen from the range by the seed, for each connection', async () => {
    const first = await bytesUntilReset(1)
    expect(await bytesUntilReset(1)).toEqual(first)
    expect(await bytesUntilReset(2)).not.toEqual(first)
    expect(new Set(first).size).toBeGreaterThan(1)
    for (const bytes of first) {
      expect(bytes).toBeGreaterThanOrEqual(1)
      expect(bytes).toBeLessThanOrEqual(20_000)
    }
  })

  async function bytesUntilReset(seed: number): Promise<number[]> {
    const toxic = resetAfter({ bytes: { min: 1, max: 20_000 } })
    await using network = await startNetwork({ up: [toxic] }, { seed })
    const counts: number[] = []
    for (let index = 0; index < 5; index++) {
      const { dialer, connection } = await network.connect()
      dialer.socket.write(BYTES)
      await connection.closed
      counts.push(connection.bytesUp)
    }
    return counts
  }
})

describe('limitBytes', () => {
  test('passes so many bytes and FIN, and reads on', async () => {
    await using network = await startNetwork({ up: [limitBytes({ bytes: 100 })] })
    const { dialer, listener, connection } = await network.connect()
    dialer.socket.write(BYTES)
    expect((await listener.all()).equals(BYTES.subarray(0, 100))).toBe(true)
    dialer.socket.end(pattern(5_000_000))
    listener.socket.end('still open')
    expect(String(await dialer.all())).toBe('still open')
    await connection.closed
    expect(connection.bytesUp).toBe(100)
    expect([await dialer.fate(), await listener.fate()]).toEqual(['closed', 'closed'])
  })

  test('of 0 passes FIN behind no byte', async () => {
    await using network = await startNetwork({ down: [limitBytes({ bytes: 0 })] })
    const { dialer, listener } = await network.connect()
    listener.socket.write('x')
    expect(await dialer.all()).toHaveLength(0)
  })

  test('passes FIN once when it comes at the limit', async () => {
    await using network = await startNetwork({ up: [limitBytes({ bytes: 5 })] })
    const { dialer, listener } = await network.connect()
    const recorder = network.proxy.record()
    dialer.socket.end('exact')
    listener.socket.end()
    expect(String(await listener.all())).toBe('exact')
    expect(await dialer.fate()).toBe('closed')
    expect(
      recorder.events.filter(({ kind, direction }) => kind === 'end' && direction === 'up'),
    ).toHaveLength(1)
  })
})

describe('blackHole', () => {
  test('that swallows reads everything and passes nothing, no FIN and no RST either', async () => {
    await using network = await startNetwork({ up: [blackHole({ mode: 'swallow' })] })
    const { dialer, listener, connection } = await network.connect()
    dialer.socket.end(pattern(5_000_000))
    await until(() => dialer.socket.writableFinished)
    listener.socket.write('answer')
    expect(String(await dialer.bytes(6))).toBe('answer')
    dialer.socket.resetAndDestroy()
    await dialer.fate()
    await turns(50)
    expect([listener.received.length, listener.ended, listener.socket.destroyed]).toEqual([0, false, false])
    expect(network.proxy.connections).toEqual([connection])
  })

  test('that holds passes everything when it is taken away', async () => {
    await using network = await startNetwork({ up: [blackHole({ mode: 'hold' })] })
    const { dialer, listener } = await network.connect()
    const sent = pattern(5_000_000)
    dialer.socket.end(sent)
    await turns(100)
    expect(listener.received).toHaveLength(0)
    network.proxy.setToxics({})
    expect(sent.equals(await listener.all())).toBe(true)
  })

  test('that is taken away tells who sends to a dialer that is gone', async () => {
    await using network = await startNetwork({ up: [blackHole({ mode: 'swallow' })] })
    const { dialer, listener, connection } = await network.connect()
    listener.socket.write('x')
    await dialer.bytes(1)
    dialer.socket.resetAndDestroy()
    await dialer.fate()
    await turns(50)
    network.proxy.setToxics({})
    await turns(50)
    expect(network.proxy.connections).toEqual([connection])
    listener.socket.write('are you there?')
    expect(await listener.fate()).toBe('ECONNRESET')
  })
})

describe('slowClose', () => {
  test('delays FIN and no byte before it', async () => {
    await using network = await startNetwork({ up: [slowClose({ ms: 50 })] })
    const { dialer, listener } = await network.connect()
    const recorder = network.proxy.record()
    dialer.socket.end(BYTES)
    expect(BYTES.equals(await listener.all())).toBe(true)
    const end = recorder.events.at(-1)!
    expect(end.kind).toBe('end')
    expect(end.atMs - recorder.events.at(-2)!.atMs).toBeGreaterThanOrEqual(49)
  })
})

describe('flip', () => {
  test('changes the byte at a position', async () => {
    await using network = await startNetwork({ up: [flip({ atByte: 777 })] })
    const { dialer, listener } = await network.connect()
    dialer.socket.end(BYTES)
    expect(changed(BYTES, await listener.all())).toEqual([777])
  })

  test('changes the same bytes whatever comes at once', async () => {
    const toxic = flip({ probability: 0.01 })
    const first = await flipped(toxic, 1, 20_000)
    expect(first.equals(await flipped(toxic, 1, 333))).toBe(true)
    expect(first.equals(await flipped(toxic, 2, 20_000))).toBe(false)
    const count = changed(BYTES, first).length
    expect(count).toBeGreaterThan(100)
    expect(count).toBeLessThan(300)
  })

  test('with probability 1 leaves no byte as it is', async () => {
    expect(changed(BYTES, await flipped(flip({ probability: 1 }), 1, 20_000))).toHaveLength(BYTES.length)
  })

  async function flipped(toxic: Toxic, seed: number, partBytes: number): Promise<Buffer> {
    await using network = await startNetwork({ down: [toxic] }, { seed })
    const { dialer, listener } = await network.connect()
    for (let start = 0; start < BYTES.length; start += partBytes) {
      listener.socket.write(BYTES.subarray(start, start + partBytes))
      await turns(1)
    }
    listener.socket.end()
    return await dialer.all()
  }
})

describe('toxics', () => {
  test('act one behind the other', async () => {
    const up = [
      limitBytes({ bytes: 50 }),
      slice({ bytes: 10 }),
      flip({ atByte: 49 }),
      resetAfter({ bytes: 49 }),
    ]
    await using network = await startNetwork({ up })
    const { dialer, listener } = await network.connect()
    const recorder = network.proxy.record()
    dialer.socket.write(BYTES)
    expect(await listener.fate()).toBe('ECONNRESET')
    expect(listener.received.equals(BYTES.subarray(0, 49))).toBe(true)
    const sizes = recorder.events.map(({ kind, bytes }) => (kind === 'bytes' ? bytes.length : kind))
    expect(sizes).toEqual([10, 10, 10, 10, 9, 'reset'])
  })

  test('that replace others get what those held back, in order', async () => {
    await using network = await startNetwork({ up: [latency({ ms: NEVER_MS })] })
    const { dialer, listener } = await network.connect()
    dialer.socket.write(BYTES.subarray(0, 10_000))
    await turns(20)
    network.proxy.setToxics({ up: [slice({ bytes: 1000 }), latency({ ms: 5 })] })
    dialer.socket.end(BYTES.subarray(10_000))
    expect(BYTES.equals(await listener.all())).toBe(true)
  })

  test('that are taken away leave no timer that fires', async () => {
    await using network = await startNetwork({ up: [resetAfter({ ms: 50 })] })
    const { dialer, listener } = await network.connect()
    network.proxy.setToxics({ up: [slowClose({ ms: 120 })] })
    dialer.socket.end('all')
    expect(String(await listener.all())).toBe('all')
    expect(listener.ended).toBe(true)
  })
})

function changed(before: Buffer, after: Buffer): number[] {
  expect(after).toHaveLength(before.length)
  return [...before.keys()].filter((index) => before[index] !== after[index])
}
