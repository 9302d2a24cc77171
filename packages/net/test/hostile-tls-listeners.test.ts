import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer as createPlainServer, type Server, type Socket } from 'node:net'
import { createServer, type TlsOptions as ServerOptions, type TLSSocket } from 'node:tls'
import { type IpcError, type NetOptions, net } from '@ipc/net'
import { afterEach, describe, expect, test } from 'vitest'
import { GREETING_BYTES } from '../src/greeting.js'
import { createAuthority } from './fixtures/certificates.js'
import { greetingBytes } from './fixtures/raw-peer.js'
import { run } from './fixtures/run.js'
import { SECRET } from './fixtures/secret.js'
import { temporaryDirectory } from './fixtures/temporary-directory.js'

const authority = await createAuthority()
const certificate = await authority.issue()
const bySecret: NetOptions = { secret: SECRET }
const byCertificate: NetOptions = { tls: { ca: authority.ca } }
const servers: Server[] = []
const sockets = new Set<Socket>()

afterEach(() => {
  for (const socket of sockets) socket.destroy()
  for (const server of servers.splice(0)) server.close()
})

/** A TLS server that does as it likes; the address to dial. */
function listenTls(
  options: ServerOptions = {},
  greet: (socket: TLSSocket) => void = () => {},
): Promise<string> {
  const server = createServer({ ...certificate, ALPNProtocols: ['ipcnet'], ...options }, (socket) => {
    greet(socket.on('error', () => {}))
  })
  return addressOf(server)
}

function listenPlain(greet: (socket: Socket) => void): Promise<string> {
  return addressOf(createPlainServer((socket) => greet(socket.on('error', () => {}))))
}

async function addressOf(server: Server): Promise<string> {
  servers.push(server)
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `tls://127.0.0.1:${(server.address() as { port: number }).port}`
}

async function refusal(address: string, options: NetOptions): Promise<IpcError> {
  const outcome = await net(options)
    .connect(address)
    .then(
      (connection) => connection.abort(),
      (error: IpcError) => error,
    )
  if (outcome === undefined) throw new Error('connected')
  return outcome
}

describe.each<[string, NetOptions]>([
  ['a dialer with a secret', bySecret],
  ['a dialer with a CA', byCertificate],
])('%s', (_name, options) => {
  test('that meets HTTP rejects IPC_PROTOCOL', async () => {
    const address = await listenPlain((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    expect(await refusal(address, options)).toMatchObject({
      code: 'IPC_PROTOCOL',
      message: expect.stringContaining('does not speak TLS'),
    })
  })

  test('that meets a plain listener rejects, and the message says what to check', async () => {
    const listener = await net().listen('tcp://127.0.0.1:0')
    expect(await refusal(listener.address.replace('tcp', 'tls'), options)).toMatchObject({
      code: 'IPC_CONNECT_FAILED',
      message: expect.stringContaining('tls://?'),
    })
    await listener.close()
  })

  test('that meets an older version rejects IPC_VERSION_MISMATCH', async () => {
    const address = await listenTls({ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' })
    expect(await refusal(address, options)).toMatchObject({ code: 'IPC_VERSION_MISMATCH' })
  })

  test('that meets silence rejects IPC_TIMEOUT at the handshake deadline', async () => {
    const address = await listenPlain(() => {})
    const error = await refusal(address, { ...options, handshakeTimeoutMs: 50 })
    expect(error).toMatchObject({ code: 'IPC_TIMEOUT' })
    expect(error.message).toContain('handshakeTimeoutMs of 50')
  })

  test.each(['destroy', 'resetAndDestroy'] as const)(
    'that meets %s rejects IPC_CONNECT_FAILED',
    async (end) => {
      const address = await listenPlain((socket) => socket.once('data', () => socket[end]()))
      expect(await refusal(address, options)).toMatchObject({ code: 'IPC_CONNECT_FAILED' })
    },
  )

  test('that meets nobody rejects IPC_CONNECT_FAILED as with any other address', async () => {
    const address = await listenPlain(() => {})
    servers.splice(0).forEach((server) => void server.close())
    expect(await refusal(address, options)).toMatchObject({
      code: 'IPC_CONNECT_FAILED',
      details: { systemCode: 'ECONNREFUSED' },
    })
  })
})

describe('a dialer with a CA', () => {
  test.each<[string, string[]]>([
    ['speaks HTTPS', ['http/1.1']],
    ['knows no such thing', []],
  ])(
    'that meets a server that %s rejects IPC_PROTOCOL and says nothing to it',
    async (_name, ALPNProtocols) => {
      let said = 0
      const address = await listenTls(
        { ALPNProtocols: ALPNProtocols.length === 0 ? undefined : ALPNProtocols },
        (socket) => {
          socket.on('data', (chunk: Buffer) => {
            said += chunk.length
          })
        },
      )
      expect(await refusal(address, byCertificate)).toMatchObject({
        code: 'IPC_PROTOCOL',
        message: expect.stringContaining('no @ipc/net listener'),
      })
      expect(said).toBe(0)
    },
  )

  test('that meets a plain greeting in TLS (a proxy speaks TLS for it) rejects IPC_AUTH_FAILED', async () => {
    const address = await listenTls({}, (socket) => {
      socket.once('data', () => socket.write(greetingBytes({ mechanism: 0 }, 'acceptor')))
    })
    expect(await refusal(address, byCertificate)).toMatchObject({
      code: 'IPC_AUTH_FAILED',
      message: expect.stringContaining('the dialer has TLS, the listener none'),
    })
  })

  test('does not send its greeting before the listener has proven who it is', async () => {
    const impostor = await (await createAuthority('CN=Impostor')).issue()
    let received = 0
    const address = await listenTls(impostor, (socket) => {
      socket.on('data', (chunk: Buffer) => {
        received += chunk.length
      })
    })
    expect((await refusal(address, byCertificate)).code).toBe('IPC_AUTH_FAILED')
    await Promise.all([...sockets].map((socket) => once(socket, 'close')))
    expect(received).toBe(0)
  })

  test('speaks to one that has, at once', async () => {
    let greeted!: (bytes: number) => void
    const greeting = new Promise<number>((resolve) => {
      greeted = resolve
    })
    const address = await listenTls({}, (socket) => {
      socket.once('data', (chunk: Buffer) => {
        greeted(chunk.length)
        socket.destroy()
      })
    })
    expect((await refusal(address, byCertificate)).code).toBe('IPC_CONNECT_FAILED')
    expect(await greeting).toBe(GREETING_BYTES)
  })

  test('refuses bad certificates whatever the environment says', async () => {
    const address = await listenTls(await (await createAuthority('CN=Impostor')).issue())
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
    try {
      expect((await refusal(address, byCertificate)).code).toBe('IPC_AUTH_FAILED')
    } finally {
      if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
      else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before
    }
  })
})

describe('a dialer with a secret', () => {
  test('does not take a good certificate for the secret', async () => {
    const address = await listenTls()
    expect((await refusal(address, bySecret)).code).toBe('IPC_AUTH_FAILED')
  })

  test('not even one that the whole machine trusts', async () => {
    const { directory, remove } = temporaryDirectory()
    writeFileSync(`${directory}/ca.pem`, authority.ca)
    try {
      const address = await listenTls()
      const env = { NODE_EXTRA_CA_CERTS: `${directory}/ca.pem` }
      // The machine does trust it: a dialer that goes by certificates connects as far as the greeting.
      const byAll = run('dial.ts', [address, JSON.stringify({ tls: {}, handshakeTimeoutMs: 300 })], { env })
      expect(await byAll.line('IPC_')).toBe('IPC_TIMEOUT')
      const program = run('dial.ts', [address, JSON.stringify(bySecret)], { env })
      expect(await program.line('IPC_')).toBe('IPC_AUTH_FAILED')
    } finally {
      remove()
    }
  })
})
