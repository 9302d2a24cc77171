import { resolveLimits } from '@ipc/core/internal'
import { describe, expect, test } from 'vitest'
import {
  checkGreeting,
  decodeGreeting,
  encodeGreeting,
  type Greeting,
  hashCodecName,
  makeGreeting,
} from '../src/greeting.js'
import { resolveSecret } from '../src/secret.js'
import { WIRE_ERROR } from '../src/wire-error.js'
import { greetingVectors as vectors } from './fixtures/vectors.js'

function fromVector(fields: (typeof vectors.greetings)[number]['fields']): Greeting {
  return { ...fields, nonce: Uint8Array.from(Buffer.from(fields.nonce, 'hex')) }
}

describe('greeting', () => {
  test.each(vectors.greetings)('bytes are those of the vector: $name', ({ fields, hex }) => {
    expect(encodeGreeting(fromVector(fields)).toString('hex')).toBe(hex)
    expect(decodeGreeting(Buffer.from(hex, 'hex'))).toEqual(fromVector(fields))
  })

  test.each(vectors.codecNames)('hash of codec name "$name" is that of the vector', ({ name, hash }) => {
    expect(hashCodecName(name)).toBe(hash)
  })

  test.each(vectors.tlsKeys)('key of TLS for the secret $secret is that of the vector', ({ secret, key }) => {
    expect(resolveSecret(secret).keys.get('default')?.toString('hex')).toBe(key)
    expect(resolveSecret(Buffer.from(secret)).keys.get('default')?.toString('hex')).toBe(key)
  })

  test('every greeting has a nonce of its own, and the incarnation of the process', () => {
    const [one, other] = [greetingOf('dialer'), greetingOf('dialer')]
    expect(one.nonce).not.toEqual(other.nonce)
    expect(one.incarnation).toBe(other.incarnation)
  })

  test('two sides that mean the same accept each other', () => {
    expect(checkGreeting(greetingOf('dialer'), greetingOf('acceptor'), 'json')).toBeUndefined()
    expect(checkGreeting(greetingOf('acceptor'), greetingOf('dialer'), 'json')).toBeUndefined()
  })

  test('what this side does not know but may ignore is accepted', () => {
    const theirs: Greeting = { ...greetingOf('dialer'), featuresOffered: 0xffff_ffff, versionMax: 9 }
    expect(checkGreeting(greetingOf('acceptor'), theirs, 'json')).toBeUndefined()
  })

  test.each<[Partial<Greeting>, number, string]>([
    [{ versionMin: 2, versionMax: 3 }, WIRE_ERROR.version, 'the listener has 1 to 1, the dialer 2 to 3'],
    [{ versionMin: 0, versionMax: 0 }, WIRE_ERROR.version, 'the listener has 1 to 1, the dialer 0 to 0'],
    [{ role: 1 }, WIRE_ERROR.protocol, 'roles do not match'],
    [{ role: 7 }, WIRE_ERROR.protocol, 'roles do not match'],
    [{ mechanism: 2 }, WIRE_ERROR.mechanism, 'the listener has none, the dialer TLS'],
    [{ featuresRequired: 0x10 }, WIRE_ERROR.feature, 'requires 0x10'],
    [{ codec: 0xabcd }, WIRE_ERROR.codec, "the listener has 'json'"],
    [{ codec: 0xabcd }, WIRE_ERROR.codec, 'the dialer 0xabcd'],
    [{ flags: 1 }, WIRE_ERROR.protocol, 'reserved flags 0x1'],
    [{ silence: 150 }, WIRE_ERROR.protocol, 'a silence limit of 150'],
    [{ maxFrameBytes: 4095 }, WIRE_ERROR.protocol, 'a frame limit of 4095 bytes'],
    [{ maxFrameBytes: 2 ** 24 }, WIRE_ERROR.protocol, 'a frame limit of 16777216 bytes'],
    [{ maxMessageBytes: 0 }, WIRE_ERROR.protocol, 'a message limit of 0 bytes'],
    [{ credit: 0 }, WIRE_ERROR.protocol, 'no credit'],
  ])('a greeting with %j is refused and the reason says why', (difference, code, reason) => {
    const refusal = checkGreeting(greetingOf('acceptor'), { ...greetingOf('dialer'), ...difference }, 'json')
    expect(refusal?.code).toBe(code)
    expect(refusal?.retryable).toBe(false)
    expect(refusal?.reason).toContain(reason)
  })
})

function greetingOf(role: 'dialer' | 'acceptor'): Greeting {
  return makeGreeting(role, 'json', resolveLimits({}))
}
