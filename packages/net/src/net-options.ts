import { checkDurationMs } from '@ipc/core/internal'
import type { NetAddress } from './address.js'
import type { Authorize } from './authorize.js'
import type { BackoffOptions } from './backoff.js'
import { certificateMode } from './certificate-mode.js'
import { GREETING_FLAG, type GreetingTerms, MECHANISM, SILENCE_STEP_MS } from './greeting.js'
import { resolveSecret, type Secret, type SecretKeys } from './secret.js'
import { secretMode } from './secret-mode.js'
import type { TlsMode } from './tls-mode.js'
import type { TlsOptions } from './tls-options.js'

/** Default of `handshakeTimeoutMs`. */
export const DEFAULT_HANDSHAKE_TIMEOUT_MS = 5000
const DEFAULT_SILENCE_MS = 15_000
const MAX_SILENCE_MS = 0xffff * SILENCE_STEP_MS
const DEFAULT_RESUME_WINDOW_MS = 60_000
/** The longest delay of a timer. */
const LONGEST_MS = 2 ** 31 - 1
const DEFAULT_FIRST_PAUSE_MS = 100
const DEFAULT_LONGEST_PAUSE_MS = 10_000

/** How a dialer comes back after its socket broke; see {@link NetOptions}. */
export interface ReconnectOptions {
  /**
   * The first pause lasts up to this, each one up to twice the last. Each is chosen at random ("full jitter").
   *
   * @default 100
   */
  readonly firstMs?: number | undefined
  /**
   * No pause is longer.
   *
   * @default 10 000
   */
  readonly longestMs?: number | undefined
  /**
   * The connection ends with `IPC_PEER_LOST` when the listener was not to be reached for so long.
   *
   * @default Infinity
   */
  readonly giveUpAfterMs?: number | undefined
}

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
  /**
   * Whether connections survive their sockets: messages that the peer has not acknowledged are kept, and sent again over
   * another socket. Both sides have to want it. `windowMs` is how long a listener waits for a dialer to come back, at
   * most 2 147 483 647.
   *
   * @default true with a window of 60 000 for TCP; false for Unix sockets, which only break when the other process ends
   */
  readonly resume?: boolean | { readonly windowMs?: number | undefined } | undefined
  readonly reconnect?: ReconnectOptions | undefined
  /**
   * How long the peer may say nothing, in milliseconds, at most 6 553 500. It is told, and says something in half of that
   * time when there is nothing else to say. 0: for ever.
   *
   * @default 15 000 for TCP; 0 for Unix sockets, where the system knows better
   */
  readonly silenceMs?: number | undefined
}

/** {@link NetOptions}, checked, with defaults filled in. */
export interface NetSettings {
  readonly insecure: boolean
  readonly handshakeTimeoutMs: number
  /** `undefined`: by the kind of address. */
  readonly resume: boolean | undefined
  readonly resumeWindowMs: number
  readonly reconnect: BackoffOptions & { readonly giveUpAfterMs: number }
  /** `undefined`: by the kind of address. */
  readonly silenceMs: number | undefined
  /** How `tls://` addresses are secured. */
  readonly tls: TlsMode | undefined
  readonly authorize: Authorize | undefined
}

/** Check what the caller gave. */
export function resolveNetOptions(options: NetOptions): NetSettings {
  const {
    insecure = false,
    handshakeTimeoutMs = DEFAULT_HANDSHAKE_TIMEOUT_MS,
    silenceMs,
    authorize,
  } = options
  if (typeof insecure !== 'boolean')
    throw new TypeError(`insecure must be a boolean, got ${String(insecure)}`)
  if (silenceMs !== undefined && !(silenceMs >= 0 && silenceMs <= MAX_SILENCE_MS)) {
    throw new RangeError(`silenceMs must be 0 to ${MAX_SILENCE_MS} milliseconds, got ${String(silenceMs)}`)
  }
  if (authorize !== undefined && typeof authorize !== 'function') {
    throw new TypeError(`authorize must be a function, got ${typeof authorize}`)
  }
  return {
    insecure,
    handshakeTimeoutMs: checkDurationMs('handshakeTimeoutMs', handshakeTimeoutMs),
    ...resolveResume(options.resume),
    reconnect: resolveReconnect(options.reconnect ?? {}),
    silenceMs,
    tls: resolveMode(options),
    authorize,
  }
}

/** What this side says in its greeting on a connection to, or at, such an address. */
export function termsFor(settings: NetSettings, { scheme }: NetAddress): GreetingTerms {
  const isLocal = scheme === 'unix' || scheme === 'pipe'
  return {
    mechanism: settings.tls === undefined ? MECHANISM.none : MECHANISM.tls,
    flags: (settings.resume ?? !isLocal) ? GREETING_FLAG.resumable : 0,
    silenceMs: settings.silenceMs ?? (isLocal ? 0 : DEFAULT_SILENCE_MS),
  }
}

function resolveResume(resume: NetOptions['resume']): Pick<NetSettings, 'resume' | 'resumeWindowMs'> {
  if (resume === undefined || typeof resume === 'boolean')
    return { resume, resumeWindowMs: DEFAULT_RESUME_WINDOW_MS }
  if (typeof resume !== 'object' || resume === null) {
    throw new TypeError(`resume must be a boolean or an object with windowMs, got ${String(resume)}`)
  }
  const { windowMs = DEFAULT_RESUME_WINDOW_MS } = resume
  return { resume: true, resumeWindowMs: checkDelayMs('resume.windowMs', windowMs) }
}

function resolveReconnect({ firstMs, longestMs, giveUpAfterMs }: ReconnectOptions): NetSettings['reconnect'] {
  return {
    firstMs: checkDelayMs('reconnect.firstMs', firstMs ?? DEFAULT_FIRST_PAUSE_MS),
    longestMs: checkDelayMs('reconnect.longestMs', longestMs ?? DEFAULT_LONGEST_PAUSE_MS),
    giveUpAfterMs: checkDurationMs('reconnect.giveUpAfterMs', giveUpAfterMs ?? Number.POSITIVE_INFINITY),
  }
}

function resolveMode({ secret, tls }: NetOptions): TlsMode | undefined {
  if (secret !== undefined && tls !== undefined) {
    throw new TypeError('secret and tls exclude each other: with a secret there are no certificates')
  }
  if (secret !== undefined) return secretMode(resolveSecret(secret))
  return tls === undefined ? undefined : certificateMode(tls)
}

/** A time that a timer can wait for: longer ones it would not wait for at all. */
function checkDelayMs(name: string, value: number): number {
  checkDurationMs(name, value)
  if (value > LONGEST_MS)
    throw new RangeError(`${name} must be at most ${LONGEST_MS} milliseconds, got ${value}`)
  return value
}
