import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { INSTALL_TIMEOUT_MS } from '@ipc/debian'
import { startTunnel, type Tunnel, type TunnelOptions, tunnelObstacle } from '@ipc/faults'
import { describe, expect, test } from 'vitest'

const OBSTACLE = await tunnelObstacle()
const PORT = 7000
/** Sends back what comes in. */
const ECHO = `
require('net').createServer((socket) => socket.on('error', () => {}).pipe(socket))
  .listen(${PORT}, () => console.log('listening'))
`
/** Sends bytes, waits until they are back, and tells how long that took; then once more for each line of its input. */
const DIALER = `
const socket = require('net').connect(${PORT}, process.argv[1])
const bytes = require('crypto').createHash('sha512').update('x').digest()
const message = Buffer.concat(new Array(Number(process.argv[2])).fill(bytes))
let received = [], count = 0, beganMs
const send = () => { received = []; count = 0; beganMs = performance.now(); socket.write(message) }
socket.on('data', (part) => {
  received.push(part)
  if ((count += part.length) < message.length) return
  console.log(Buffer.concat(received).equals(message) ? performance.now() - beganMs : 'damaged')
})
socket.on('connect', send)
socket.on('error', (error) => console.log(error.code))
process.stdin.on('data', send)
`

describe.runIf(OBSTACLE === undefined)('a tunnel', { timeout: INSTALL_TIMEOUT_MS }, () => {
  test('carries TCP, and delays it in both directions', async () => {
    await using tunnel = await startTunnel({ delayMs: 25, seed: 1 })
    const dialer = await dial(tunnel, 1)
    expect(Number(await dialer.line())).toBeGreaterThanOrEqual(50)
    await tunnel.set({ delayMs: 60 })
    dialer.again()
    expect(Number(await dialer.line())).toBeGreaterThanOrEqual(120)
  })

  test('loses packets, and TCP sends them again', async () => {
    await using tunnel = await startTunnel({ lossPercent: 5, seed: 3 })
    const dialer = await dial(tunnel, 10_000)
    expect(Number(await dialer.line())).toBeGreaterThan(0)
    const { passed, lost } = await tunnel.counts()
    expect(passed).toBeGreaterThan(100)
    expect(lost).toBeGreaterThan(0)
  })

  test('loses all and nothing by the percentage', async () => {
    await using tunnel = await startTunnel({ seed: 1 })
    const dialer = await dial(tunnel, 100)
    await dialer.line()
    const { passed, lost } = await tunnel.set({ lossPercent: 100 })
    expect(lost).toBe(0)
    dialer.again()
    await until(async () => (await tunnel.counts()).lost > 0)
    expect((await tunnel.set({ lossPercent: 0 })).passed).toBe(passed)
    expect(Number(await dialer.line())).toBeGreaterThan(0)
  })

  test('passes nothing while it is partitioned, and goes on when it is healed', async () => {
    await using tunnel = await startTunnel({ delayMs: 1, seed: 1 })
    const dialer = await dial(tunnel, 1)
    await dialer.line()
    const { passed } = await tunnel.partition()
    dialer.again()
    await until(async () => (await tunnel.counts()).lost > 1)
    expect((await tunnel.heal()).passed).toBe(passed)
    expect(Number(await dialer.line())).toBeGreaterThan(0)
  })

  test('has nothing to do with other tunnels', async () => {
    const settings: TunnelOptions = { seed: 1 }
    const [one, other] = await Promise.all([startTunnel(settings), startTunnel(settings)])
    const dialers = await Promise.all([dial(one, 1), dial(other, 1)])
    await Promise.all(dialers.map((dialer) => dialer.line()))
    await one.stop()
    dialers[1].again()
    expect(Number(await dialers[1].line())).toBeGreaterThan(0)
    await other.stop()
  })

  test('ends the programs in it when it is stopped', async () => {
    const tunnel = await startTunnel({ seed: 1 })
    const program = tunnel.run('b', ['sh', '-c', 'echo inside; exec sleep 1000000'])
    const ended = once(program, 'exit')
    await lines(program)()
    await Promise.all([tunnel.stop(), tunnel.stop()])
    expect((await ended)[1]).toBe('SIGKILL')
    await expect(tunnel.counts()).rejects.toThrow('ended')
  })

  test('is removed when its process is killed', async () => {
    const file = fileURLToPath(new URL('./fixtures/holder.ts', import.meta.url))
    const args = ['--import', import.meta.resolve('tsx'), '--conditions=@ipc/source', file]
    const holder = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    const [pid = '', name = ''] = (await lines(holder)()).split(' ')
    const namespaces = [name, name.replace(/a$/, 'b')].map((one) => `/run/netns/${one}`)
    expect(namespaces.map((path) => existsSync(path))).toEqual([true, true])
    holder.kill('SIGKILL')
    await until(() => !namespaces.some((path) => existsSync(path)) && !isAlive(pid))
  })

  test('refuses settings that are none', async () => {
    await expect(startTunnel({ seed: -1 })).rejects.toThrow(RangeError)
    await expect(startTunnel({ seed: 1, lossPercent: 101 })).rejects.toThrow(RangeError)
    await expect(startTunnel({ seed: 1, delayMs: Number.NaN })).rejects.toThrow(RangeError)
  })
})

describe.runIf(OBSTACLE !== undefined)('where there can be no tunnel', () => {
  test('startTunnel says why', async () => {
    await expect(startTunnel({ seed: 1 })).rejects.toThrow(OBSTACLE)
  })
})

interface Dialer {
  /** The next line that it writes. */
  line(): Promise<string>
  again(): void
}

/** Side a sends so many times 64 bytes to side b, and gets them back. */
async function dial(tunnel: Tunnel, count: number): Promise<Dialer> {
  const listener = tunnel.run('b', [process.execPath, '-e', ECHO])
  await lines(listener)()
  const dialer = tunnel.run('a', [process.execPath, '-e', DIALER, tunnel.addressB, String(count)])
  return { line: lines(dialer), again: () => dialer.stdin?.write('again') }
}

function lines({ stdout }: ChildProcess): () => Promise<string> {
  const iterator = createInterface({ input: stdout! })[Symbol.asyncIterator]()
  return async () => (await iterator.next()).value ?? 'nothing'
}

function isAlive(pid: string): boolean {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(5)
}
