import { MAGIC } from './greeting.js'

/** The most that the first message of a TLS client may have. Usual ones have 300 to 2000 bytes. */
const MAX_CLIENT_HELLO_BYTES = 4096
/** A record's header, then type and length of the message in it: enough to judge by. */
export const CLIENT_HELLO_PREFIX_BYTES = 9

const RECORD_HEADER_BYTES = 5
const HANDSHAKE_RECORD = 22
const CLIENT_HELLO = 1

const HTTP = /^(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|CONNECT|TRACE|PATCH|PRI|HTTP)[ /]/

/** What is wrong with the first bytes of a caller of a TLS port, or `undefined`; judged from the first wrong byte on. */
export function clientHelloFault(bytes: Buffer): string | undefined {
  const expected = [HANDSHAKE_RECORD, 3]
  for (let i = 0; i < Math.min(bytes.length, expected.length); i++) {
    if (bytes[i] !== expected[i]) return `it speaks ${describeStranger(bytes)} to a port for TLS`
  }
  if (bytes.length < CLIENT_HELLO_PREFIX_BYTES) return undefined
  if (bytes[RECORD_HEADER_BYTES] !== CLIENT_HELLO) return 'it does not begin with a ClientHello'
  const most = Math.max(bytes.readUInt16BE(3), bytes.readUIntBE(6, 3))
  return most > MAX_CLIENT_HELLO_BYTES
    ? `its ClientHello of ${most} bytes exceeds ${MAX_CLIENT_HELLO_BYTES}`
    : undefined
}

/** A guess at what somebody speaks who begins with `bytes`. */
export function describeStranger(bytes: Uint8Array): string {
  const seen = Buffer.from(bytes.subarray(0, 16))
  const began = `it began with ${seen.toString('hex')}`
  if (seen[0] === MAGIC[0] && seen.subarray(0, MAGIC.length).equals(MAGIC.subarray(0, seen.length))) {
    return `this protocol without TLS (${began})`
  }
  if (HTTP.test(seen.toString('latin1'))) return `HTTP (${began})`
  if (seen[0] === HANDSHAKE_RECORD && seen[1] === 3) return `TLS (${began})`
  return `another protocol (${began})`
}
