import { createHash, type X509Certificate } from 'node:crypto'

/** Kinds of names in a certificate that say who somebody is, the most telling first. */
const KINDS = [
  ['URI', 'uri'],
  ['DNS', 'dns'],
  ['email', 'email'],
] as const

/** A name: what is before the colon, then plain text, or a JSON string where plain text would be ambiguous. */
const ALTERNATIVE_NAME = /([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/y

/**
 * Who a verified certificate names: `uri:`, `dns:` or `email:` and the first such subject alternative name, else `cn:` and
 * the common name, else `sha256:` and the fingerprint of the public key. The prefix keeps names of different kinds apart.
 */
export function certificateIdentity(certificate: X509Certificate): string {
  const names = alternativeNames(certificate.subjectAltName ?? '')
  for (const [kind, prefix] of KINDS) {
    const found = names.find((name) => name.kind === kind)
    if (found !== undefined) return `${prefix}:${found.value}`
  }
  const { CN } = certificate.toLegacyObject().subject as { CN?: string | string[] }
  return typeof CN === 'string' && CN !== '' ? `cn:${CN}` : `sha256:${publicKeySha256(certificate)}`
}

/** SHA-256 of the SubjectPublicKeyInfo, in base64. */
export function publicKeySha256({ publicKey }: X509Certificate): string {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64')
}

/** Read Node's text form of subject alternative names; a name that is not understood ends it. */
export function alternativeNames(text: string): { kind: string; value: string }[] {
  const names: { kind: string; value: string }[] = []
  ALTERNATIVE_NAME.lastIndex = 0
  while (ALTERNATIVE_NAME.lastIndex < text.length) {
    const match = ALTERNATIVE_NAME.exec(text)
    if (match === null) break
    const [, kind = '', value = ''] = match
    const plain = value.startsWith('"') ? unquote(value) : value
    if (plain === undefined) break
    names.push({ kind, value: plain })
  }
  return names
}

/** A peer's certificate must not throw, whatever is in it. */
function unquote(text: string): string | undefined {
  try {
    return JSON.parse(text) as string
  } catch {
    return undefined
  }
}
