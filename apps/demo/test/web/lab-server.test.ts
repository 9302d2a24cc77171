import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import type { Command, PanelState, ServerMessage } from '../../src/web/protocol.js'
import { demo, gone, WATCHDOG_MS } from '../fixtures/cli-run.js'
import { startLab } from '../fixtures/web/lab-visit.js'

/** A page without a browser. */
class Client {
  readonly socket: WebSocket
  state: PanelState | undefined
  readonly refusals: string[] = []

  constructor(address: string, origin: string | undefined = new URL(address).origin) {
    this.socket = new WebSocket(new URL('/lab', address), origin === undefined ? {} : { origin })
    this.socket.on('message', (text) => {
      const message = JSON.parse(String(text)) as ServerMessage
      if (message.type === 'refused') this.refusals.push(message.message)
      else this.state = message.state
    })
    onTestFinished(() => this.socket.terminate())
  }

  async open(): Promise<this> {
    await once(this.socket, 'open')
    return this
  }

  tell(command: Command): void {
    this.socket.send(JSON.stringify(command))
  }

  /** Wait for messages until there is what `found` looks for. */
  async until<T>(found: () => T | undefined | false): Promise<T> {
    while (true) {
      const what = found()
      if (what !== undefined && what !== false) return what
      await once(this.socket, 'message')
    }
  }

  /** The processes of a panel, when all run. */
  async running(panel: PanelState['panel']): Promise<number[]> {
    this.tell({ type: 'open', panel })
    return this.until(() => {
      if (this.state?.panel !== panel) return undefined
      const pids = this.state.processes.flatMap(({ pid, status }) => (status === 'running' ? [pid!] : []))
      return pids.length > 0 && pids
    })
  }
}

function statusOf(address: string, headers: Record<string, string>, method = 'GET'): Promise<number> {
  return new Promise((resolve, reject) => {
    request(address, { headers, method }, (response) => {
      response.resume()
      resolve(response.statusCode!)
    })
      .on('error', reject)
      .end()
  })
}

async function refusalOf(client: Client): Promise<string> {
  const [error] = await once(client.socket, 'error')
  return (error as Error).message
}

describe('the lab server', { timeout: WATCHDOG_MS }, () => {
  test('serves files with the headers of isolation, to its own names only', async () => {
    const { address } = await startLab()
    const { headers, status } = await fetch(address)
    expect(status).toBe(200)
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin')
    expect(headers.get('cross-origin-embedder-policy')).toBe('require-corp')
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
    const { port } = new URL(address)
    expect(await statusOf(address, { Host: `localhost:${port}` })).toBe(200)
    expect(await statusOf(address, { Host: 'lab.example' })).toBe(403)
    expect(await statusOf(address, { Host: `lab.example:${port}` })).toBe(403)
    expect(await statusOf(address, {}, 'POST')).toBe(405)
    expect(await statusOf(`${address}missing`, {})).toBe(404)
    expect(await statusOf(`${address}%2e%2e/cli.js`, {})).toBe(404)
  })

  test('listens on the loopback interface only', async () => {
    const { address } = await startLab()
    const { port } = new URL(address)
    const others = Object.values(networkInterfaces()).flatMap((found) => found ?? [])
    for (const { address: host, internal, family } of others) {
      if (internal || family !== 'IPv4') continue
      const socket = connect(Number(port), host)
      await once(socket, 'error')
    }
  })

  test('opens a session for pages of its own only', async () => {
    const { address } = await startLab()
    expect(await refusalOf(new Client(address, 'https://lab.example'))).toContain('403')
    expect(await refusalOf(new Client(address, 'null'))).toContain('403')
    expect(await refusalOf(new Client(address, ''))).toContain('403')
    const four = await Promise.all([1, 2, 3, 4].map(() => new Client(address).open()))
    expect(four).toHaveLength(4)
    expect(await refusalOf(new Client(address))).toContain('503')
  })

  test('refuses what is no command of the panel, and lives', async () => {
    const { address, run } = await startLab()
    const client = await new Client(address).open()
    const wrong: unknown[] = [
      '{',
      '[]',
      { type: 'fly' },
      { type: 'open', panel: '../races' },
      { type: 'step', process: 'P1', more: 1 },
      { type: 'size', bytes: 1e9 },
      { type: 'pace', process: 'P1', paused: false, perSecond: -1 },
    ]
    for (const text of wrong) client.socket.send(typeof text === 'string' ? text : JSON.stringify(text))
    await client.until(() => client.refusals.length === wrong.length)
    expect(client.refusals.every((text) => text.startsWith('a command is '))).toBe(true)
    client.tell({ type: 'step', process: 'P1' })
    await client.until(() => client.refusals.at(-1) === 'no panel is open')
    client.tell({ type: 'open', panel: 'transports' })
    await client.until(() => client.state?.panel === 'transports')
    expect(run.stderr).not.toContain('demo: ')
  })

  test('hangs up on a message that is too long', async () => {
    const { address } = await startLab()
    const client = await new Client(address).open()
    client.socket.send('x'.repeat(5000))
    const [code] = await once(client.socket, 'close')
    expect(code).toBe(1009)
  })
})

describe('the processes of the lab', { timeout: WATCHDOG_MS }, () => {
  test('end with their page, and with the next panel', async () => {
    const { address, run } = await startLab()
    const client = await new Client(address).open()
    const first = await client.running('shared-memory')
    const second = await client.running('message-passing')
    for (const pid of first) await gone(pid)
    client.socket.terminate()
    for (const pid of second) await gone(pid)
    // The directory goes when the server has heard of their end.
    await expect.poll(() => run.leftovers(), { timeout: WATCHDOG_MS }).toEqual([])
  })

  test.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)(
    'end with the server by %s, and leave nothing',
    async (signal) => {
      const { address, run } = await startLab()
      const clients = await Promise.all([new Client(address).open(), new Client(address).open()])
      const pids = [...(await clients[0]!.running('queue')), ...(await clients[1]!.running('races'))]
      expect(pids.length).toBeGreaterThanOrEqual(3)
      run.child.kill(signal)
      const code = await run.exitCode()
      if (signal !== 'SIGKILL') expect(code).toBe(signal === 'SIGINT' ? 130 : 143)
      for (const pid of pids) await gone(pid)
      expect(run.leftovers()).toEqual([])
    },
  )
})

test('a port that is in use is refused in one line, exit code 2', { timeout: WATCHDOG_MS }, async () => {
  const { address } = await startLab()
  const { port } = new URL(address)
  const run = demo('--web', '--port', port)
  expect(await run.exitCode()).toBe(2)
  expect(run.stderr).toBe(`demo: port ${port} is in use: choose another one with --port\n`)
})
