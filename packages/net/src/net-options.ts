import { checkDurationMs } from '@ipc/core/internal'
import type { NetAddress } from './address.js'
import type { BackoffOptions } from './backoff.js'
import { GREETING_FLAG, type GreetingTerms, SILENCE_STEP_MS } from './greeting.js'

/** Default of `handshakeTimeoutMs`. */
export const DEFAULT_HANDSHAKE_TIMEOUT_MS = 5000
const DEFAULT_SILENCE_MS = 15_000
const MAX_SILENCE_MS = 0xffff * SILENCE_STEP_MS
const DEFAULT_RESUME_WINDOW_MS = 60_000
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

/** Options of {@link net}. */
export interface NetOptions {
  /**
   * Allow TCP beyond this machine although nothing is encrypted and nobody is authenticated.
   *
   * @default false
   */
  readonly insecure?: boolean | undefined
  /**
   * How long the peer may take for its part of the handshake once the socket is connected, in milliseconds, in all.
   *
   * @default 5000
   */
  readonly handshakeTimeoutMs?: number | undefined
  /**
   * Whether connections survive their sockets: messages that the peer has not acknowledged are kept, and sent again over
   * another socket. Both sides have to want it. `windowMs` is how long a listener waits for a dialer to come back.
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
}

/** Check what the caller gave. */
export function resolveNetOptions(options: NetOptions): NetSettings {
  const { insecure = false, handshakeTimeoutMs = DEFAULT_HANDSHAKE_TIMEOUT_MS, silenceMs } = options
  if (typeof insecure !== 'boolean')
    throw new TypeError(`insecure must be a boolean, got ${String(insecure)}`)
  if (silenceMs !== undefined && !(silenceMs >= 0 && silenceMs <= MAX_SILENCE_MS)) {
    throw new RangeError(`silenceMs must be 0 to ${MAX_SILENCE_MS} milliseconds, got ${String(silenceMs)}`)
  }
  return {
    insecure,
    handshakeTimeoutMs: checkDurationMs('handshakeTimeoutMs', handshakeTimeoutMs),
    ...resolveResume(options.resume),
    reconnect: resolveReconnect(options.reconnect ?? {}),
    silenceMs,
  }
}

/** What this side says in its greeting on a connection to, or at, such an address. */
export function termsFor(settings: NetSettings, { scheme }: NetAddress): GreetingTerms {
  const isLocal = scheme === 'unix'
  return {
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
  return { resume: true, resumeWindowMs: checkDurationMs('resume.windowMs', windowMs) }
}

function resolveReconnect({ firstMs, longestMs, giveUpAfterMs }: ReconnectOptions): NetSettings['reconnect'] {
  return {
    firstMs: checkDurationMs('reconnect.firstMs', firstMs ?? DEFAULT_FIRST_PAUSE_MS),
    longestMs: checkDurationMs('reconnect.longestMs', longestMs ?? DEFAULT_LONGEST_PAUSE_MS),
    giveUpAfterMs: checkDurationMs('reconnect.giveUpAfterMs', giveUpAfterMs ?? Number.POSITIVE_INFINITY),
  }
}
