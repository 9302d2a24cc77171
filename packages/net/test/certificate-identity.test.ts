import { createHash, X509Certificate } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { alternativeNames, certificateIdentity, publicKeySha256 } from '../src/certificate-identity.js'
import { type Authority, type CertificateContent, createAuthority } from './fixtures/certificates.js'

let authority: Authority

beforeAll(async () => {
  authority = await createAuthority()
})

describe('identity of a certificate', () => {
  test.each<[string, CertificateContent]>([
    [
      'uri:spiffe://example.org/worker',
      {
        names: [
          { type: 'dns', value: 'worker.example.org' },
          { type: 'url', value: 'spiffe://example.org/worker' },
        ],
      },
    ],
    ['dns:worker.example.org', { names: [{ type: 'dns', value: 'worker.example.org' }] }],
    ['email:a@example.org', { names: [{ type: 'email', value: 'a@example.org' }] }],
    ['cn:worker 1', { name: 'CN=worker 1, O=Example', names: [] }],
    // An address says where, not who.
    ['cn:worker 2', { name: 'CN=worker 2', names: [{ type: 'ip', value: '192.0.2.1' }] }],
    // Whoever may choose a name must not become two.
    ['uri:x, DNS:admin', { names: [{ type: 'url', value: 'x, DNS:admin' }] }],
    ['cn:dns:admin', { name: 'CN=dns:admin', names: [] }],
  ])('is %s', async (identity, content) => {
    const { cert } = await authority.issue(content)
    expect(certificateIdentity(new X509Certificate(cert))).toBe(identity)
  })

  test('without any name is the fingerprint of the public key', async () => {
    const { cert } = await authority.issue({ name: 'O=Example', names: [] })
    const certificate = new X509Certificate(cert)
    const der = certificate.publicKey.export({ type: 'spki', format: 'der' })
    const sha256 = createHash('sha256').update(der).digest('base64')
    expect(publicKeySha256(certificate)).toBe(sha256)
    expect(certificateIdentity(certificate)).toBe(`sha256:${sha256}`)
  })

  test.each([
    ['', []],
    ['DNS:a, DNS:b', ['DNS a', 'DNS b']],
    ['URI:"x, DNS:admin", DNS:b', ['URI x, DNS:admin', 'DNS b']],
    ['IP Address:127.0.0.1, DNS:a', ['IP Address 127.0.0.1', 'DNS a']],
    ['DNS:a, ???', ['DNS a']],
    ['DNS:"\\x"', []],
  ])('alternative names %j are read without being misled', (text, names) => {
    expect(alternativeNames(text).map(({ kind, value }) => `${kind} ${value}`)).toEqual(names)
  })
})
