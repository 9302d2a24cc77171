import { hkdfSync } from 'node:crypto'

/** What both sides know and nobody else: at least 32 bytes, random. A string counts as its UTF-8 bytes. */
export type Secret = string | Uint8Array

/** Several secrets, each under an id that both sides call it by: see `SECURITY.md` on how to change them. */
export interface SecretKeys {
  /** By key id: 1 to 64 of the characters `A-Z a-z 0-9 . _ - @ :`. Ids are no secret, they travel in the clear. */
  readonly keys: Readonly<Record<string, Secret>>
  /** The id of the key to dial with. A listener takes any of its keys. Needed to dial when there are several. */
  readonly use?: string | undefined
}

/** A checked secret. */
export interface KeyRing {
  /** 32 bytes for TLS by key id. */
  readonly keys: ReadonlyMap<string, Buffer>
  /** To dial with; `undefined` when the caller has to say. */
  readonly use: string | undefined
}

/** The least a secret may have: whoever sees a handshake can try guesses at leisure. */
const MIN_SECRET_BYTES = 32
/** The id of a secret that was given without one. */
const DEFAULT_KEY_ID = 'default'

const KEY_ID = /^[\w.@:-]{1,64}$/
/** Part of the protocol: PROTOCOL.md. */
const KEY_INFO = 'ipcnet/1 tls psk'
const KEY_BYTES = 32

/**
 * Check the option `secret`. Messages never contain one.
 *
 * @throws TypeError | RangeError
 */
export function resolveSecret(secret: Secret | SecretKeys): KeyRing {
  if (isSecret(secret)) {
    return { keys: new Map([[DEFAULT_KEY_ID, deriveKey('secret', secret)]]), use: DEFAULT_KEY_ID }
  }
  if (typeof secret !== 'object' || secret === null || !isRecord(secret.keys)) {
    throw new TypeError('secret must be a string, a Uint8Array, or { keys: { id: secret }, use: id }')
  }
  const entries = Object.entries(secret.keys)
  if (entries.length === 0) throw new TypeError('secret.keys must have at least one key')
  const keys = new Map<string, Buffer>()
  for (const [id, value] of entries) {
    if (!KEY_ID.test(id)) {
      throw new TypeError(`key id must be 1 to 64 letters, digits or . _ - @ :, got ${JSON.stringify(id)}`)
    }
    if (!isSecret(value)) throw new TypeError(`secret.keys.${id} must be a string or a Uint8Array`)
    keys.set(id, deriveKey(`secret.keys.${id}`, value))
  }
  const { use = entries.length === 1 ? entries[0]?.[0] : undefined } = secret
  if (use !== undefined && !keys.has(use)) {
    throw new TypeError(
      `secret.use must be one of ${[...keys.keys()].join(', ')}, got ${JSON.stringify(use)}`,
    )
  }
  return { keys, use }
}

/** The pre-shared key of TLS: of one length whatever the secret is, and of no use for anything else. */
function deriveKey(name: string, secret: Secret): Buffer {
  const bytes = Buffer.from(secret)
  if (bytes.length < MIN_SECRET_BYTES) {
    throw new RangeError(
      `${name} must have at least ${MIN_SECRET_BYTES} bytes, got ${bytes.length}: ` +
        "make one with randomBytes(32).toString('base64') of node:crypto",
    )
  }
  return Buffer.from(hkdfSync('sha256', bytes, new Uint8Array(0), KEY_INFO, KEY_BYTES))
}

function isSecret(value: unknown): value is Secret {
  return typeof value === 'string' || value instanceof Uint8Array
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
