import { type NetOptions, net } from '@ipc/net'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Authority, type Credentials, createAuthority } from './fixtures/certificates.js'
import { OTHER_SECRET, SECRET } from './fixtures/secret.js'

let authority: Authority
let ours: Credentials
let other: Credentials

beforeAll(async () => {
  authority = await createAuthority()
  ours = await authority.issue()
  other = await authority.issue()
})

describe('options that cannot be right are refused at once', () => {
  test.each<[string, () => unknown, RegExp]>([
    ['a short secret', () => ({ secret: 'x'.repeat(31) }), /secret must have at least 32 bytes, got 31/],
    ['short bytes', () => ({ secret: new Uint8Array(16) }), /at least 32 bytes, got 16/],
    ['a number as secret', () => ({ secret: 42 }), /secret must be a string/],
    ['no keys', () => ({ secret: { keys: {} } }), /at least one key/],
    ['a list of keys', () => ({ secret: { keys: [SECRET] } }), /secret must be a string/],
    [
      'a short key',
      () => ({ secret: { keys: { a: 'short' } } }),
      /secret\.keys\.a must have at least 32 bytes/,
    ],
    ['an empty key id', () => ({ secret: { keys: { '': SECRET } } }), /key id must be/],
    ['a long key id', () => ({ secret: { keys: { ['k'.repeat(65)]: SECRET } } }), /key id must be/],
    ['a key that is none', () => ({ secret: { keys: { a: 1 } } }), /secret\.keys\.a must be/],
    ['another key to use', () => ({ secret: { keys: { a: SECRET }, use: 'b' } }), /one of a, got "b"/],
    ['secret and tls', () => ({ secret: SECRET, tls: {} }), /exclude each other/],
    ['tls that is no object', () => ({ tls: true }), /tls must be an object/],
    [
      'a switch that does not exist',
      () => ({ tls: { rejectUnauthorized: false } }),
      /no option "rejectUnauthorized"/,
    ],
    ['an older version', () => ({ tls: { minVersion: 'TLSv1.2' } }), /no option "minVersion"/],
    ['a file name', () => ({ tls: { ca: '/etc/ca.pem' } }), /tls\.ca must be PEM.*not its name/],
    ['no CA', () => ({ tls: { ca: [] } }), /tls\.ca must have/],
    ['a certificate without key', () => ({ tls: { cert: ours.cert } }), /got only tls\.cert/],
    ['a key without certificate', () => ({ tls: { key: ours.key } }), /got only tls\.key/],
    ['the key of another', () => ({ tls: { cert: ours.cert, key: other.key } }), /PEM that belongs together/],
    ['broken PEM', () => ({ tls: { ca: '-----BEGIN CERTIFICATE-----\nAAAA' } }), /must be PEM/],
    [
      'client certificates of anybody',
      () => ({ tls: { ...ours, requireClientCertificate: true } }),
      /needs tls\.ca/,
    ],
    ['a pin in hexadecimal', () => ({ tls: { pinnedSha256: 'ab'.repeat(32) } }), /44 characters/],
    ['no pins', () => ({ tls: { pinnedSha256: [] } }), /44 characters/],
    ['an empty server name', () => ({ tls: { servername: '' } }), /host name, got ""/],
    ['authorize that is no function', () => ({ authorize: true }), /authorize must be a function/],
  ])('%s', (_name, options, message) => {
    expect(() => net(options() as NetOptions)).toThrow(message)
    expect(() => net(options() as NetOptions)).toThrow(
      expect.objectContaining({ name: expect.stringMatching(/^(Type|Range)Error$/) }),
    )
  })

  test('a message about a secret does not contain it', () => {
    for (const secret of ['hunter2', { keys: { a: 'hunter2' } }]) {
      expect(() => net({ secret })).toThrow(expect.not.stringContaining('hunter2'))
    }
  })
})

describe('addresses and options have to agree', () => {
  test('tls:// without secret and tls is a TypeError', async () => {
    await expect(net().listen('tls://127.0.0.1:0')).rejects.toThrow(
      /needs net\(\{ secret \}\) or net\(\{ tls \}\)/,
    )
    await expect(net().connect('tls://127.0.0.1:1')).rejects.toThrow(TypeError)
    await expect(net({ insecure: true }).connect('tls://127.0.0.1:1')).rejects.toThrow(TypeError)
  })

  test.each(['tcp://127.0.0.1:4000', 'unix:/tmp/x.sock', 'pipe:x'])(
    '%s with a secret or certificates is a TypeError, not an upgrade',
    async (address) => {
      for (const transport of [net({ secret: SECRET }), net({ tls: { ca: authority.ca } })]) {
        await expect(transport.connect(address)).rejects.toThrow(/is for tls:\/\/ addresses/)
        await expect(transport.listen(address)).rejects.toThrow(TypeError)
      }
    },
  )

  test('the message says what to write', async () => {
    await expect(net({ secret: SECRET }).connect('tcp://db:1')).rejects.toThrow('write tls://db:1')
  })

  test('to listen takes a certificate, to connect with several keys takes the name of one', async () => {
    await expect(net({ tls: { ca: authority.ca } }).listen('tls://127.0.0.1:0')).rejects.toThrow(
      'tls.cert and tls.key are needed to listen',
    )
    const keys = { old: SECRET, new: OTHER_SECRET }
    await expect(net({ secret: { keys } }).connect('tls://127.0.0.1:1')).rejects.toThrow(/one of old, new/)
  })

  test('tls:// may leave the machine without insecure', async () => {
    const transport = net({ secret: SECRET })
    const listener = await transport.listen('tls://0.0.0.0:0')
    const [near] = await Promise.all([transport.connect(listener.address), listener.accept()])
    await near.close()
    await listener.close()
  })
})
