import { checkDurationMs } from '@ipc/core/internal'
import type { Authorize } from './authorize.js'
import { certificateMode } from './certificate-mode.js'
import { resolveSecret, type Secret, type SecretKeys } from './secret.js'
import { secretMode } from './secret-mode.js'
import type { TlsMode } from './tls-mode.js'
import type { TlsOptions } from './tls-options.js'

/** Default of `handshakeTimeoutMs`. */
export const DEFAULT_HANDSHAKE_TIMEOUT_MS = 5000

/** Options of {@link net}. `secret` and `tls` are for `tls://` addresses, and exclude each other. */
export interface NetOptions {
  /**
   * What both sides know and nobody else, at least 32 random bytes: with it both prove who they are, and everything is
   * encrypted. No certificates are needed. Several keys by id, to change them while everything runs.
   */
  readonly secret?: Secret | SecretKeys | undefined
  /** Certificates: of the listener, and where it asks for them, of dialers. */
  readonly tls?: TlsOptions | undefined
  /**
   * Asked by listeners about every peer, once it has proven what it can: only `true` lets it in. Has what is left of
   * `handshakeTimeoutMs`; an exception is a refusal. The peer learns that it is not authorized, and no more.
   */
  readonly authorize?: Authorize | undefined
  /**
   * Allow TCP beyond this machine although nothing is encrypted and nobody is authenticated.
   *
   * @default false
   */
  readonly insecure?: boolean | undefined
  /**
   * How long it may take from a connected socket to a connection, in milliseconds, in all: TLS, greetings, `authorize`.
   *
   * @default 5000
   */
  readonly handshakeTimeoutMs?: number | undefined
}

/** {@link NetOptions}, checked, with defaults filled in. */
export interface NetSettings {
  readonly insecure: boolean
  readonly handshakeTimeoutMs: number
  /** How `tls://` addresses are secured. */
  readonly tls: TlsMode | undefined
  readonly authorize: Authorize | undefined
}

/** Check what the caller gave. */
export function resolveNetOptions(options: NetOptions): NetSettings {
  const { insecure = false, handshakeTimeoutMs = DEFAULT_HANDSHAKE_TIMEOUT_MS, authorize } = options
  if (typeof insecure !== 'boolean')
    throw new TypeError(`insecure must be a boolean, got ${String(insecure)}`)
  if (authorize !== undefined && typeof authorize !== 'function') {
    throw new TypeError(`authorize must be a function, got ${typeof authorize}`)
  }
  return {
    insecure,
    handshakeTimeoutMs: checkDurationMs('handshakeTimeoutMs', handshakeTimeoutMs),
    tls: resolveMode(options),
    authorize,
  }
}

function resolveMode({ secret, tls }: NetOptions): TlsMode | undefined {
  if (secret !== undefined && tls !== undefined) {
    throw new TypeError('secret and tls exclude each other: with a secret there are no certificates')
  }
  if (secret !== undefined) return secretMode(resolveSecret(secret))
  return tls === undefined ? undefined : certificateMode(tls)
}
