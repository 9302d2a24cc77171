import { execFile, spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { INSTALL_TIMEOUT_MS, installPackages } from '@ipc/debian'
import { formatRecording, type RecordedEvent, type Recorder } from '@ipc/faults'
import { net, sessionOf } from '@ipc/net'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { proxyTo } from './fixtures/proxy-to.js'
import { type TemporaryDirectory, temporaryDirectory } from './fixtures/temporary-directory.js'

// PROTOCOL.md is enough to read what was said: ipcnet.py knows nothing else.

const DECODER = fileURLToPath(new URL('fixtures/ipcnet.py', import.meta.url))
/** Debian's packages are for Debian's interpreter; another one may come first on `PATH`. */
const PYTHONS = ['python3', '/usr/bin/python3']
const MSGPACK = ['-c', 'import msgpack'] as const
const PACKAGES = {
  packages: ['python3-msgpack'],
  isThere: PYTHONS.map((python) => `${python} -c 'import msgpack' 2> /dev/null`).join(' || '),
}
const CUTS = 5

/** A line of what the decoder prints. */
interface Said {
  readonly connection: number
  readonly direction: 'up' | 'down'
  readonly what: string
  readonly number?: number
  readonly value?: unknown
}

const places: TemporaryDirectory[] = []
const MESSAGES: readonly unknown[] = [
  1,
  -1.5,
  'text, ünïcode',
  null,
  [true, [false, []]],
  { id: 7, nested: { list: [1, 2, 3] } },
  // In several frames.
  'x'.repeat(200_000),
]

let python: string

beforeAll(async () => {
  await installPackages(PACKAGES)
  python = PYTHONS.find((each) => spawnSync(each, MSGPACK).status === 0) as string
}, INSTALL_TIMEOUT_MS)
afterEach(() => {
  for (const place of places.splice(0)) place.remove()
})

describe('a decoder in Python', () => {
  test('reads every message of a recorded conversation, both ways', async () => {
    const events = await conversation(async ({ client, server }) => {
      for (const message of MESSAGES) client.send(message)
      for (const message of MESSAGES) expect(await server.receive()).toEqual(message)
      for (const message of [...MESSAGES].reverse()) server.send(message)
      await Promise.all([client.close(), receiveAll(client)])
    })
    const said = await decode(events)
    expect(said.filter(({ what }) => what === 'greeting')).toMatchObject([
      { direction: 'up', resumable: true, resuming: false, msgpack: true, silence: 150 },
      { direction: 'down', resumable: true, resuming: false, msgpack: true },
    ])
    expect(messagesOf(said, 'up')).toEqual(MESSAGES)
    expect(messagesOf(said, 'down')).toEqual([...MESSAGES].reverse())
    expect(said.filter(({ what }) => what === 'FIN')).toMatchObject([{ graceful: true }, { graceful: true }])
  })

  test('follows a session from socket to socket, and finds each message once', async () => {
    const count = 3000
    const events = await conversation(async ({ client, server, resetAll }) => {
      const received = (async () => {
        for (let number = 0; number < count; number++) expect(await server.receive()).toBe(number)
      })()
      for (let number = 0; number < count; number++) {
        if (!client.send(number)) await client.drained()
        if (number % (count / CUTS) === 100) {
          await new Promise((resolve) => setTimeout(resolve, 20))
          resetAll()
        }
      }
      await received
      await client.close()
      expect(sessionOf(client)?.resumes).toBeGreaterThan(0)
    })
    const said = await decode(events)
    const resumed = said.filter(({ what }) => what === 'RESUMED')
    expect(resumed.length).toBeGreaterThan(0)
    // What was on its way when the socket broke is said again.
    const values = new Map(
      said.filter(({ what }) => what === 'message').map(({ number, value }) => [number, value]),
    )
    expect([...values.keys()].sort((one, other) => (one as number) - (other as number))).toEqual(
      Array.from({ length: count }, (_, number) => number),
    )
    for (const [number, value] of values) expect(value).toBe(number)
  })

  test('tells which rule is broken', async () => {
    const events = await conversation(async ({ client, server }) => {
      client.send('hello')
      await server.receive()
      await client.close()
    })
    // The first one is the greeting.
    const at = events.findLastIndex(({ direction, bytes }) => direction === 'up' && bytes.length > 0)
    const broken = new Uint8Array((events[at] as RecordedEvent).bytes)
    // The type of a frame.
    broken[3] = 0x33
    const changed = events.map((event, i) => (i === at ? { ...event, bytes: broken } : event))
    await expect(decode(changed)).rejects.toThrow(/broken: up: .*type 51/)
  })
})

interface Ends {
  readonly client: Awaited<ReturnType<ReturnType<typeof net>['connect']>>
  readonly server: Ends['client']
  resetAll(): void
}

/** Have two ends talk through a proxy, and return what it has passed on. */
async function conversation(talk: (ends: Ends) => Promise<void>): Promise<readonly RecordedEvent[]> {
  const transport = net({ reconnect: { firstMs: 2, longestMs: 10 } })
  const listener = await transport.listen('tcp://127.0.0.1:0')
  const { proxy, address } = await proxyTo(listener.address)
  const recorder: Recorder = proxy.record()
  try {
    const [client, server] = await Promise.all([transport.connect(address), listener.accept()])
    await talk({ client, server, resetAll: () => proxy.resetAll() })
    await Promise.all([client.closed, server.closed])
    await untilEnded(recorder)
  } finally {
    await listener.close()
    await proxy.close()
  }
  return recorder.events
}

/** The last FIN may still be on its way. */
async function untilEnded({ events }: Recorder): Promise<void> {
  const last = Math.max(...events.map(({ connection }) => connection))
  const ends = (): number =>
    events.filter(({ connection, kind }) => connection === last && kind !== 'bytes').length
  while (ends() < 2) await new Promise((resolve) => setTimeout(resolve, 1))
}

async function receiveAll(connection: Ends['client']): Promise<void> {
  for await (const _message of connection);
}

async function decode(events: readonly RecordedEvent[]): Promise<Said[]> {
  const place = temporaryDirectory()
  places.push(place)
  const file = join(place.directory, 'conversation.txt')
  await writeFile(file, formatRecording(events))
  const { stdout } = await promisify(execFile)(python, [DECODER, file], { maxBuffer: 2 ** 26 })
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Said)
}

function messagesOf(said: readonly Said[], direction: Said['direction']): unknown[] {
  return said
    .filter((each) => each.what === 'message' && each.direction === direction)
    .map(({ value }) => value)
}
