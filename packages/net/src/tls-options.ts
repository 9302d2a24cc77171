import { X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'

/** PEM: text, or its bytes. Several certificates may follow each other. */
export type Pem = string | Uint8Array

/** Option `tls` of `net()`: certificates. TLS 1.3 only, and a certificate that does not verify is refused, always. */
export interface TlsOptions {
  /** Certificate of this side, followed by those between it and the CA. A listener needs one; a dialer may have one. */
  readonly cert?: Pem | undefined
  /** Private key of `cert`. */
  readonly key?: Pem | undefined
  /**
   * The CAs whose certificates the other side may have. For dialers those that Node.js comes with, unless given.
   */
  readonly ca?: Pem | readonly Pem[] | undefined
  /**
   * The name that the listener's certificate has to have.
   *
   * @default the host of the address
   */
  readonly servername?: string | undefined
  /**
   * SHA-256 of the public keys (SubjectPublicKeyInfo) of which the listener has to have one, in base64: 44 characters. In
   * addition to everything else a certificate has to be.
   */
  readonly pinnedSha256?: string | readonly string[] | undefined
  /**
   * A listener takes only dialers with a certificate of `ca`, which then have to be given: `peer.identity` is who it names.
   *
   * @default false
   */
  readonly requireClientCertificate?: boolean | undefined
}

/** {@link TlsOptions}, checked. */
export interface Certificates {
  readonly cert: string | Buffer | undefined
  readonly key: string | Buffer | undefined
  readonly ca: (string | Buffer)[] | undefined
  readonly servername: string | undefined
  /** `undefined`: any key. */
  readonly pins: ReadonlySet<string> | undefined
  readonly requireClientCertificate: boolean
  readonly context: SecureContext
}

const NAMES: ReadonlySet<string> = new Set<keyof TlsOptions>([
  'cert',
  'key',
  'ca',
  'servername',
  'pinnedSha256',
  'requireClientCertificate',
])
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*(?:-----END CERTIFICATE-----)?/g
const PIN = /^[A-Za-z0-9+/]{43}=$/

/**
 * Check the option `tls`. A name that is not known is refused, so that no switch is believed to work that does not exist.
 *
 * @throws TypeError
 */
export function resolveTlsOptions(
  options: TlsOptions,
  makeContext: (certificates: Omit<Certificates, 'context'>) => Parameters<typeof createSecureContext>[0],
): Certificates {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`tls must be an object with cert, key or ca, got ${String(options)}`)
  }
  for (const name of Object.keys(options)) {
    if (!NAMES.has(name)) {
      throw new TypeError(`tls has no option ${JSON.stringify(name)}, only ${[...NAMES].join(', ')}`)
    }
  }
  const { servername, requireClientCertificate = false } = options
  if (servername !== undefined && (typeof servername !== 'string' || servername === '')) {
    throw new TypeError(`tls.servername must be a host name, got ${JSON.stringify(servername)}`)
  }
  if (typeof requireClientCertificate !== 'boolean') {
    throw new TypeError(
      `tls.requireClientCertificate must be a boolean, got ${String(requireClientCertificate)}`,
    )
  }
  const checked = {
    ...resolvePems(options),
    servername,
    pins: resolvePins(options),
    requireClientCertificate,
  }
  if ((checked.cert === undefined) !== (checked.key === undefined)) {
    throw new TypeError(
      `tls.cert and tls.key belong together, got only tls.${checked.cert === undefined ? 'key' : 'cert'}`,
    )
  }
  if (requireClientCertificate && checked.ca === undefined) {
    throw new TypeError('tls.requireClientCertificate needs tls.ca: the CA that makes your certificates')
  }
  try {
    return { ...checked, context: createSecureContext(makeContext(checked)) }
  } catch (cause) {
    const { message } = cause as Error
    throw new TypeError(`tls.cert, tls.key and tls.ca must be PEM that belongs together: ${message}`, {
      cause,
    })
  }
}

function resolvePems({ cert, key, ca }: TlsOptions): Pick<Certificates, 'cert' | 'key' | 'ca'> {
  const list = ca === undefined ? undefined : ((Array.isArray(ca) ? ca : [ca]) as readonly Pem[])
  if (list?.length === 0) throw new TypeError('tls.ca must have at least one certificate')
  return {
    cert: resolvePem('tls.cert', cert),
    key: resolvePem('tls.key', key),
    ca: list?.map((each) => resolvePem('tls.ca', each)!),
  }
}

/** What cannot be read, TLS would leave out of its list without a word. */
function resolvePem(name: string, pem: Pem | undefined): string | Buffer | undefined {
  if (pem === undefined) return undefined
  const bytes = typeof pem === 'string' || pem instanceof Uint8Array ? Buffer.from(pem) : undefined
  if (bytes?.includes('-----BEGIN ') !== true) {
    throw new TypeError(`${name} must be PEM, with -----BEGIN in it: the content of the file, not its name`)
  }
  for (const [block] of bytes.toString('latin1').matchAll(CERTIFICATE)) checkCertificate(name, block)
  return bytes
}

function checkCertificate(name: string, pem: string): void {
  try {
    new X509Certificate(pem)
  } catch (cause) {
    throw new TypeError(`${name} must be PEM, and a certificate in it cannot be read`, { cause })
  }
}

function resolvePins({ pinnedSha256 }: TlsOptions): ReadonlySet<string> | undefined {
  if (pinnedSha256 === undefined) return undefined
  const pins = typeof pinnedSha256 === 'string' ? [pinnedSha256] : pinnedSha256
  if (!Array.isArray(pins) || pins.length === 0 || !pins.every((pin) => PIN.test(pin))) {
    throw new TypeError(
      `tls.pinnedSha256 must be SHA-256 in base64, 44 characters each, got ${JSON.stringify(pinnedSha256)}`,
    )
  }
  return new Set(pins)
}
