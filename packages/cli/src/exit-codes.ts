import { type IpcErrorCode, isIpcError } from '@ipc/core'

/** Names of the exit codes. */
export interface ExitCodes {
  readonly ok: 0
  readonly failed: 1
  readonly usage: 2
  readonly notFound: 3
  readonly denied: 4
  readonly timeout: 5
  readonly peerLost: 6
  readonly inUse: 7
  readonly full: 8
  readonly notSupported: 9
}

/** What the exit code of `ipc` means. Stable: scripts may rely on it. */
export const EXIT_CODES: ExitCodes = {
  ok: 0,
  /** Something failed that has no code of its own, or `doctor` found what does not work. */
  failed: 1,
  /** Wrong options, or input that is not what they say. */
  usage: 2,
  /** No such region, ring, queue; nobody listens there. */
  notFound: 3,
  denied: 4,
  timeout: 5,
  /** The other side died or gave up, or the link to it broke: what was sent last may not have arrived. */
  peerLost: 6,
  /** Somebody else has the address. */
  inUse: 7,
  /** A queue, a disk or memory is full. */
  full: 8,
  /** Not on this system, or not with this peer. */
  notSupported: 9,
}

/** A wrong option or argument, or input that cannot be what it is said to be. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Something that was asked for by name is not there. */
export class NotFoundError extends Error {
  override readonly name = 'NotFoundError'
}

const OF_CODE: Partial<Record<IpcErrorCode, number>> = {
  IPC_CONNECT_FAILED: EXIT_CODES.notFound,
  IPC_PERMISSION_DENIED: EXIT_CODES.denied,
  IPC_AUTH_FAILED: EXIT_CODES.denied,
  IPC_TIMEOUT: EXIT_CODES.timeout,
  // By the peer: what this side was told to give up is known by its signal.
  IPC_ABORTED: EXIT_CODES.peerLost,
  IPC_CLOSED: EXIT_CODES.peerLost,
  IPC_PEER_LOST: EXIT_CODES.peerLost,
  IPC_SESSION_LOST: EXIT_CODES.peerLost,
  IPC_ADDRESS_IN_USE: EXIT_CODES.inUse,
  IPC_QUEUE_FULL: EXIT_CODES.full,
  IPC_OUT_OF_MEMORY: EXIT_CODES.full,
  IPC_NOT_SUPPORTED: EXIT_CODES.notSupported,
}

/** The exit code for what a command has thrown; `undefined` for a mistake of this program. */
export function exitCodeOf(error: unknown): number | undefined {
  if (error instanceof UsageError) return EXIT_CODES.usage
  if (error instanceof NotFoundError) return EXIT_CODES.notFound
  // Options that the packages refuse were given by the user.
  if (error instanceof TypeError || error instanceof RangeError) return EXIT_CODES.usage
  if (isIpcError(error)) return OF_CODE[error.code] ?? EXIT_CODES.failed
  return undefined
}
