import { get as getHttp } from 'node:http'
import { get as getHttps } from 'node:https'
import { recordedBytes } from '@ipc/faults'
import { type IpcError, type Listener, type NetOptions, net } from '@ipc/net'
import { afterEach, describe, expect, test } from 'vitest'
import { HEADER_BYTES } from '../src/frame.js'
import { WIRE_ERROR } from '../src/wire-error.js'
import { type Authority, createAuthority } from './fixtures/certificates.js'
import { proxyTo } from './fixtures/proxy-to.js'
import { greetingBytes, rawDial } from './fixtures/raw-peer.js'
import { collectRefusals, type Refusals } from './fixtures/refusals.js'
import { OTHER_SECRET, SECRET } from './fixtures/secret.js'

const ALERT_RECORD = 21
const ends: (() => unknown)[] = []
const authority: Authority = await createAuthority()
const strangers: Authority = await createAuthority('CN=Strangers of the secret project')
let listener: Listener
let refusals: Refusals

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function listen(options: NetOptions, address: string): Promise<void> {
  listener = await net(options).listen(address)
  refusals = collectRefusals(listener.address)
  ends.push(
    () => listener.close(),
    () => refusals.stop(),
  )
}

/** What both owners hear, and every byte that the two sides said. */
async function meet(
  here: NetOptions,
  there: NetOptions,
): Promise<{ dialer: IpcError; listener: string; said: { up: Buffer; down: Buffer } }> {
  await listen(
    here,
    here.secret === undefined && here.tls === undefined ? 'tcp://127.0.0.1:0' : 'tls://127.0.0.1:0',
  )
  const { proxy, address } = await proxyTo(listener.address)
  ends.push(() => proxy.close())
  const recorder = proxy.record()
  const scheme = there.secret === undefined && there.tls === undefined ? 'tcp' : 'tls'
  const outcome = await net(there)
    .connect(address.replace('tcp', scheme))
    .then(
      () => undefined,
      (error: IpcError) => error,
    )
  if (outcome === undefined) throw new Error('connected')
  while (refusals.codes.length === 0) await new Promise((resolve) => setImmediate(resolve))
  expect(refusals.codes).toHaveLength(1)
  const bytesOf = (direction: 'up' | 'down'): Buffer =>
    recordedBytes(recorder.events, { connection: 1, direction })
  const said = { up: bytesOf('up'), down: bytesOf('down') }
  return { dialer: outcome, listener: `${refusals.codes[0]}: ${refusals.messages[0]}`, said }
}

describe('what does not match is a clear error at both sides, and tells the other one no more than it may know', () => {
  test('a wrong secret: the dialer is sent an alert and nothing else', async () => {
    const { dialer, listener: heard, said } = await meet({ secret: SECRET }, { secret: OTHER_SECRET })
    expect(dialer).toMatchObject({ code: 'IPC_AUTH_FAILED', message: expect.stringContaining('same secret') })
    expect(heard).toMatch(/^IPC_AUTH_FAILED: .*its secret or its key id is not one of this listener/)
    expect(said.down).toHaveLength(7)
    expect(said.down[0]).toBe(ALERT_RECORD)
  })

  test.each<[string, () => Promise<NetOptions['tls']>, string]>([
    ['has expired', () => authority.issue({ hours: [-2, -1] }), 'has expired'],
    ['is of a CA that is not known', () => strangers.issue(), 'of a CA that is not known here'],
  ])(
    "a listener's certificate that %s: the listener hears that it is not trusted, and sees no greeting",
    async (_name, issue, text) => {
      const { dialer, listener: heard } = await meet({ tls: await issue() }, { tls: { ca: authority.ca } })
      expect(dialer).toMatchObject({ code: 'IPC_AUTH_FAILED', message: expect.stringContaining(text) })
      // It left without a word, or with an alert; nothing says what it trusts.
      expect(heard).toMatch(
        /^IPC_(AUTH_FAILED: .*does not trust this listener|CONNECT_FAILED: .*it closed the connection)/,
      )
      expect(heard).not.toContain('Test CA')
    },
  )

  test.each<[string, () => Promise<object>, RegExp]>([
    ['has expired', () => authority.issue({ hours: [-2, -1] }), /CERT_HAS_EXPIRED/],
    ['is of a CA that is not known', () => strangers.issue(), /UNABLE_TO_/],
    ['is missing', async () => ({}), /it has no certificate/],
  ])(
    "a dialer's certificate that %s: it is told that it is not authorized, not why",
    async (_name, issue, why) => {
      const server = await authority.issue()
      const here: NetOptions = { tls: { ...server, ca: authority.ca, requireClientCertificate: true } }
      const { dialer, listener: heard } = await meet(here, { tls: { ...(await issue()), ca: authority.ca } })
      expect(dialer.code).toBe('IPC_AUTH_FAILED')
      expect(dialer.message).toMatch(/refused the connection: not authorized$/)
      expect(heard).toMatch(/^IPC_AUTH_FAILED/)
      expect(heard).toMatch(why)
    },
  )

  test('plaintext to a TLS port: nothing is answered', async () => {
    const { dialer, listener: heard, said } = await meet({ secret: SECRET }, {})
    expect(dialer).toMatchObject({
      code: 'IPC_CONNECT_FAILED',
      message: expect.stringContaining('this kind of address'),
    })
    expect(heard).toMatch(/^IPC_PROTOCOL: .*this protocol without TLS/)
    expect(said.down).toHaveLength(0)
  })

  test('TLS to a plain port: nothing is answered, and nothing is said in plain text', async () => {
    const { dialer, listener: heard, said } = await meet({}, { secret: SECRET })
    expect(dialer).toMatchObject({ code: 'IPC_CONNECT_FAILED', message: expect.stringContaining('tls://?') })
    expect(heard).toMatch(/^IPC_PROTOCOL: .*speaks TLS/)
    expect(said.down).toHaveLength(0)
    expect(said.up[0]).toBe(22)
  })

  test.each([
    ['older', { versionMin: 0, versionMax: 0 }],
    ['newer', { versionMin: 2, versionMax: 255 }],
  ])('a version that is %s than any here: both are told which they have', async (_name, versions) => {
    await listen({}, 'tcp://127.0.0.1:0')
    const peer = await rawDial(listener.address)
    ends.push(() => peer.socket.destroy())
    peer.socket.write(greetingBytes(versions))
    const answer = await peer.ended
    expect(answer.readUInt16LE(HEADER_BYTES)).toBe(WIRE_ERROR.version)
    expect(answer.subarray(HEADER_BYTES + 3).toString()).toBe(
      `protocol versions differ: the listener has 1 to 1, the dialer ${versions.versionMin} to ${versions.versionMax}`,
    )
    expect(refusals.codes).toEqual(['IPC_VERSION_MISMATCH'])
  })

  test.each([
    ['http', {}, 'tcp'],
    ['https', { secret: SECRET }, 'tls'],
    ['http', { secret: SECRET }, 'tls'],
  ] as const)('%s to our port is closed without a word of HTTP: %j', async (kind, options, scheme) => {
    await listen(options, `${scheme}://127.0.0.1:0`)
    const url = `${kind}://127.0.0.1:${listener.address.split(':').at(-1)}/`
    const failed = await new Promise<NodeJS.ErrnoException>((resolve, reject) => {
      const get = kind === 'http' ? getHttp : getHttps
      get(url, () => reject(new Error('answered'))).on('error', resolve)
    })
    // Not 'HPE_...': what the client of HTTP says when it was answered something else.
    expect(failed.code).toMatch(/^ECONNRESET$|^ERR_SSL_|^EPROTO$/)
    while (refusals.codes.length === 0) await new Promise((resolve) => setImmediate(resolve))
    expect(refusals.codes[0]).toBe(kind === 'https' ? 'IPC_AUTH_FAILED' : 'IPC_PROTOCOL')
    if (kind === 'http') expect(refusals.messages[0]).toContain('HTTP')
  })
})
