import { checkDurationMs } from '@ipc/core/internal'

/** Default of `handshakeTimeoutMs`. */
export const DEFAULT_HANDSHAKE_TIMEOUT_MS = 5000

/** Options of {@link net}. */
export interface NetOptions {
  /**
   * Allow TCP beyond this machine although nothing is encrypted and nobody is authenticated.
   *
   * @default false
   */
  readonly insecure?: boolean | undefined
  /**
   * How long the peer may take for its greeting once the socket is connected, in milliseconds, in all.
   *
   * @default 5000
   */
  readonly handshakeTimeoutMs?: number | undefined
}

/** {@link NetOptions}, checked, with defaults filled in. */
export interface NetSettings {
  readonly insecure: boolean
  readonly handshakeTimeoutMs: number
}

/** Check what the caller gave. */
export function resolveNetOptions({ insecure = false, handshakeTimeoutMs }: NetOptions): NetSettings {
  if (typeof insecure !== 'boolean')
    throw new TypeError(`insecure must be a boolean, got ${String(insecure)}`)
  return {
    insecure,
    handshakeTimeoutMs: checkDurationMs(
      'handshakeTimeoutMs',
      handshakeTimeoutMs ?? DEFAULT_HANDSHAKE_TIMEOUT_MS,
    ),
  }
}
