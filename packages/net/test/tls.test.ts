import { X509Certificate } from 'node:crypto'
import { type Connection, type IpcError, type Listener, type NetOptions, net, type Peer } from '@ipc/net'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { publicKeySha256 } from '../src/certificate-identity.js'
import { type Authority, type Credentials, createAuthority } from './fixtures/certificates.js'
import { collectRefusals, type Refusals } from './fixtures/refusals.js'
import { OTHER_SECRET, SECRET } from './fixtures/secret.js'

let authority: Authority
let strangers: Authority
let server: Credentials
let client: Credentials
let listener: Listener
let refusals: Refusals

beforeAll(async () => {
  authority = await createAuthority()
  strangers = await createAuthority('CN=Strangers')
  server = await authority.issue({ name: 'CN=server' })
  client = await authority.issue({
    name: 'CN=client',
    names: [{ type: 'url', value: 'spiffe://test/client' }],
  })
})

afterEach(async () => {
  refusals.stop()
  await listener.close()
})

async function listen(options: NetOptions, address = 'tls://127.0.0.1:0'): Promise<void> {
  listener = await net(options).listen(address)
  refusals = collectRefusals(listener.address)
}

/** Connect, and talk once in each direction. */
async function talk(
  options: NetOptions,
  address = listener.address,
): Promise<[near: Connection, far: Connection]> {
  const [near, far] = await Promise.all([net(options).connect(address), listener.accept()])
  near.send('to the listener')
  far.send('to the dialer')
  expect(await far.receive()).toBe('to the listener')
  expect(await near.receive()).toBe('to the dialer')
  return [near, far]
}

/** Why connecting fails. */
async function refusal(options: NetOptions, address = listener.address): Promise<IpcError> {
  const outcome = await net(options)
    .connect(address)
    .then(
      () => undefined,
      (error: IpcError) => error,
    )
  if (outcome === undefined) throw new Error('connected')
  return outcome
}

/** What the listener's owner hears of the only caller so far. */
async function reported(): Promise<{ code: string; message: string }> {
  while (refusals.codes.length === 0) await new Promise((resolve) => setImmediate(resolve))
  expect(refusals.codes).toHaveLength(1)
  return { code: refusals.codes[0]!, message: refusals.messages[0]! }
}

describe('a secret', () => {
  test('encrypts, and tells both sides which key was proven', async () => {
    await listen({ secret: SECRET })
    const [near, far] = await talk({ secret: Buffer.from(SECRET) })
    expect(near.peer).toEqual({
      transport: 'net',
      address: listener.address,
      identity: 'default',
      encrypted: true,
    })
    expect(far.peer).toMatchObject({ identity: 'default', encrypted: true })
    expect(far.peer.address).toMatch(/^tls:\/\/127\.0\.0\.1:\d+$/)
    await near.close()
  })

  test('that differs is IPC_AUTH_FAILED at both sides', async () => {
    await listen({ secret: SECRET })
    const error = await refusal({ secret: OTHER_SECRET })
    expect(error).toMatchObject({ code: 'IPC_AUTH_FAILED' })
    expect(error.message).toContain("does not accept the secret with key id 'default'")
    expect(await reported()).toMatchObject({
      code: 'IPC_AUTH_FAILED',
      message: expect.stringContaining('with key id "default", is refused'),
    })
  })

  test('under an id that is not known fails with the same words as a wrong one', async () => {
    await listen({ secret: { keys: { a: SECRET } } })
    const wrong = await refusal({ secret: { keys: { a: OTHER_SECRET } } })
    const unknown = await refusal({ secret: { keys: { b: SECRET } } })
    expect(unknown.code).toBe('IPC_AUTH_FAILED')
    expect(unknown.details).toEqual(wrong.details)
    expect(unknown.message).toBe(wrong.message.replace("'a'", "'b'"))
  })

  test('of several: a listener takes any of its keys, and peers say which one', async () => {
    await listen({ secret: { keys: { old: SECRET, new: OTHER_SECRET } } })
    for (const [use, secret] of [
      ['old', SECRET],
      ['new', OTHER_SECRET],
    ] as const) {
      const [near, far] = await talk({ secret: { keys: { [use]: secret } } })
      expect([near.peer.identity, far.peer.identity]).toEqual([use, use])
      await near.close()
    }
    const [near] = await talk({ secret: { keys: { old: SECRET, new: OTHER_SECRET }, use: 'new' } })
    expect(near.peer.identity).toBe('new')
    await near.close()
  })

  test('is changed while connections live', async () => {
    const old: NetOptions = { secret: { keys: { old: SECRET } } }
    const fresh: NetOptions = { secret: { keys: { new: OTHER_SECRET } } }
    await listen(old)
    const { address } = listener
    const live = [await talk(old)]
    // The listener learns the new key, at the same address.
    await listener.close()
    await listen({ secret: { keys: { old: SECRET, new: OTHER_SECRET } } }, address)
    live.push(await talk(old), await talk(fresh))
    // When no dialer uses the old one any more, it forgets that.
    await listener.close()
    await listen(fresh, address)
    expect((await refusal(old)).code).toBe('IPC_AUTH_FAILED')
    live.push(await talk(fresh))
    for (const [near, far] of live) {
      near.send('still there')
      expect(await far.receive()).toBe('still there')
      await near.close()
    }
  })
})

describe('certificates', () => {
  test('encrypt, and tell the dialer whom it reached', async () => {
    await listen({ tls: server })
    const [near, far] = await talk({ tls: { ca: authority.ca } })
    expect(near.peer).toMatchObject({ identity: 'dns:localhost', encrypted: true })
    expect(far.peer.encrypted).toBe(true)
    expect(far.peer.identity).toBeUndefined()
    await near.close()
  })

  test('of both sides tell each who the other is', async () => {
    await listen({ tls: { ...server, ca: authority.ca, requireClientCertificate: true } })
    const [near, far] = await talk({ tls: { ...client, ca: authority.ca } })
    expect(near.peer.identity).toBe('dns:localhost')
    expect(far.peer.identity).toBe('uri:spiffe://test/client')
    await near.close()
  })

  test.each<[string, () => Promise<Credentials>, string]>([
    ['has expired', () => authority.issue({ hours: [-2, -1] }), 'has expired'],
    ['is not valid yet', () => authority.issue({ hours: [1, 2] }), 'is not valid yet'],
    ['is of another CA', () => strangers.issue(), 'of a CA that is not known here'],
    [
      'has another name',
      () => authority.issue({ names: [{ type: 'dns', value: 'other.test' }] }),
      'another name',
    ],
  ])('of a listener that %s is IPC_AUTH_FAILED', async (_name, issue, text) => {
    await listen({ tls: await issue() })
    const error = await refusal({ tls: { ca: authority.ca } })
    expect(error.code).toBe('IPC_AUTH_FAILED')
    expect(error.message).toContain(text)
  })

  test('of a private CA are refused without tls.ca', async () => {
    await listen({ tls: server })
    expect(await refusal({ tls: {} })).toMatchObject({
      code: 'IPC_AUTH_FAILED',
      message: expect.stringContaining('tls.ca'),
    })
  })

  test('are checked for servername where it is set', async () => {
    await listen({ tls: await authority.issue({ names: [{ type: 'dns', value: 'service.test' }] }) })
    const [near] = await talk({ tls: { ca: authority.ca, servername: 'service.test' } })
    await near.close()
    expect((await refusal({ tls: { ca: authority.ca, servername: 'other.test' } })).code).toBe(
      'IPC_AUTH_FAILED',
    )
  })

  test('with a pinned key have to have that key', async () => {
    await listen({ tls: server })
    const pin = publicKeySha256(new X509Certificate(server.cert))
    const otherPin = publicKeySha256(new X509Certificate(client.cert))
    const [near] = await talk({ tls: { ca: authority.ca, pinnedSha256: [otherPin, pin] } })
    await near.close()
    const error = await refusal({ tls: { ca: authority.ca, pinnedSha256: otherPin } })
    expect(error).toMatchObject({ code: 'IPC_AUTH_FAILED', message: expect.stringContaining(pin) })
    // A pin alone is no reason to trust.
    expect((await refusal({ tls: { pinnedSha256: pin } })).code).toBe('IPC_AUTH_FAILED')
  })

  test.each<[string, () => Promise<NetOptions['tls']>, string]>([
    ['none', async () => ({}), 'it has no certificate'],
    ['one that has expired', () => authority.issue({ hours: [-2, -1] }), 'CERT_HAS_EXPIRED'],
    ['one that is not valid yet', () => authority.issue({ hours: [1, 2] }), 'CERT_NOT_YET_VALID'],
    ['one of another CA', () => strangers.issue(), 'UNABLE_TO_'],
  ])('of dialers: with %s it learns that it is not authorized, and no more', async (_name, issue, text) => {
    await listen({ tls: { ...server, ca: authority.ca, requireClientCertificate: true } })
    const error = await refusal({ tls: { ...(await issue()), ca: authority.ca } })
    expect(error).toMatchObject({
      code: 'IPC_AUTH_FAILED',
      message: `${listener.address} refused the connection: not authorized`,
    })
    const { code, message } = await reported()
    expect(code).toBe('IPC_AUTH_FAILED')
    expect(message).toMatch(text)
  })
})

describe('two sides that are secured in different ways', () => {
  test.each<[string, () => NetOptions, () => NetOptions, string]>([
    ['a secret meets certificates', () => ({ tls: server }), () => ({ secret: SECRET }), 'IPC_AUTH_FAILED'],
    [
      'certificates meet a secret',
      () => ({ secret: SECRET }),
      () => ({ tls: { ca: authority.ca } }),
      'IPC_AUTH_FAILED',
    ],
  ])('%s: IPC_AUTH_FAILED', async (_name, here, there, code) => {
    await listen(here())
    expect((await refusal(there())).code).toBe(code)
    await reported()
  })

  test('TLS to a plain port: both are told what it is', async () => {
    await listen({}, 'tcp://127.0.0.1:0')
    const error = await refusal({ secret: SECRET }, listener.address.replace('tcp', 'tls'))
    expect(error).toMatchObject({ code: 'IPC_CONNECT_FAILED', message: expect.stringContaining('tls://?') })
    expect(await reported()).toMatchObject({
      code: 'IPC_PROTOCOL',
      message: expect.stringMatching(/speaks TLS \(it began with 1603/),
    })
  })

  test('plain to a TLS port: both are told what it is', async () => {
    await listen({ secret: SECRET })
    const error = await refusal({}, listener.address.replace('tls', 'tcp'))
    expect(error).toMatchObject({
      code: 'IPC_CONNECT_FAILED',
      message: expect.stringContaining('this kind of address'),
    })
    expect(await reported()).toMatchObject({
      code: 'IPC_PROTOCOL',
      message: expect.stringContaining('this protocol without TLS'),
    })
  })
})

describe('authorize', () => {
  test('sees what the peer proved, and decides, at once or later', async () => {
    const seen: Peer[] = []
    await listen({
      tls: { ...server, ca: authority.ca, requireClientCertificate: true },
      async authorize(peer) {
        seen.push(peer)
        await new Promise((resolve) => setImmediate(resolve))
        return peer.identity === 'uri:spiffe://test/client'
      },
    })
    const [near, far] = await talk({ tls: { ...client, ca: authority.ca } })
    expect(seen).toEqual([far.peer])
    await near.close()
    expect(await refusal({ tls: { ...server, ca: authority.ca } })).toMatchObject({
      code: 'IPC_AUTH_FAILED',
      message: `${listener.address} refused the connection: not authorized`,
    })
    expect((await reported()).message).toContain('authorize did not answer true')
  })

  test.each<[string, NonNullable<NetOptions['authorize']>, string]>([
    [
      'throws',
      () => {
        throw new Error('database is down')
      },
      'authorize failed',
    ],
    ['rejects', () => Promise.reject(new Error('database is down')), 'authorize failed'],
    ['answers something true that is not true', (() => 'yes') as never, 'did not answer true'],
  ])('that %s refuses, without a reason for the peer', async (_name, authorize, text) => {
    await listen({ authorize }, 'tcp://127.0.0.1:0')
    const error = await refusal({})
    expect(error.code).toBe('IPC_AUTH_FAILED')
    expect(error.message).toBe(`${listener.address} refused the connection: not authorized`)
    expect((await reported()).message).toContain(text)
  })

  test('that never answers ends at the handshake deadline, and a late answer changes nothing', async () => {
    let answer!: (allowed: boolean) => void
    const authorize = (): Promise<boolean> =>
      new Promise((resolve) => {
        answer = resolve
      })
    await listen({ authorize, handshakeTimeoutMs: 100 }, 'tcp://127.0.0.1:0')
    expect((await refusal({})).code).toBe('IPC_CONNECT_FAILED')
    expect((await reported()).code).toBe('IPC_TIMEOUT')
    answer(true)
    await expect(listener.accept({ timeoutMs: 20 })).rejects.toMatchObject({ code: 'IPC_TIMEOUT' })
  })

  test('a dialer that leaves meanwhile is not accepted', async () => {
    let answer!: (allowed: boolean) => void
    let asked!: () => void
    const asking = new Promise<void>((resolve) => {
      asked = resolve
    })
    const authorize = (): Promise<boolean> => {
      asked()
      return new Promise((resolve) => {
        answer = resolve
      })
    }
    await listen({ authorize, secret: SECRET })
    const leaving = new AbortController()
    const connecting = net({ secret: SECRET }).connect(listener.address, { signal: leaving.signal })
    await asking
    leaving.abort()
    await expect(connecting).rejects.toMatchObject({ code: 'IPC_ABORTED' })
    answer(true)
    const leftOver = await listener.accept({ timeoutMs: 50 }).catch(() => undefined)
    // Its end may come to light only when it is read again.
    if (leftOver !== undefined) expect((await leftOver.closed).code).toBe('IPC_PEER_LOST')
  })
})
