import { IpcError, type IpcErrorCode } from '@ipc/core'

/** Codes of ERROR frames. Part of the protocol: see PROTOCOL.md. */
export const WIRE_ERROR = {
  protocol: 1,
  version: 2,
  feature: 3,
  mechanism: 4,
  notAuthorized: 6,
  frameTooLarge: 8,
  messageTooLarge: 9,
  creditViolation: 11,
  idle: 14,
  overloaded: 15,
  resumeUnknown: 16,
  resumeGap: 17,
  codec: 23,
  aborted: 24,
} as const

/** What an ERROR frame says. */
export interface WireError {
  readonly code: number
  /** Whether the same attempt may succeed later. */
  readonly retryable: boolean
  readonly reason: string
}

/** All that a caller is told whom the listener does not take, whatever the reason. */
export const NOT_AUTHORIZED: WireError = {
  code: WIRE_ERROR.notAuthorized,
  retryable: false,
  reason: 'not authorized',
}

/** What a connection that does not come about means; anything else is `IPC_PROTOCOL`. */
const REFUSED: ReadonlyMap<number, IpcErrorCode> = new Map<number, IpcErrorCode>([
  [WIRE_ERROR.version, 'IPC_VERSION_MISMATCH'],
  [WIRE_ERROR.feature, 'IPC_VERSION_MISMATCH'],
  [WIRE_ERROR.mechanism, 'IPC_AUTH_FAILED'],
  [WIRE_ERROR.notAuthorized, 'IPC_AUTH_FAILED'],
  [WIRE_ERROR.overloaded, 'IPC_CONNECT_FAILED'],
])

/** The listener answered a greeting with ERROR. */
export function refusedError(address: string, error: WireError, codecName: string): IpcError {
  // The listener knows a hash of the dialer's codec only.
  const codec = error.code === WIRE_ERROR.codec ? `; the dialer's codec is '${codecName}'` : ''
  return handshakeError(`${address} refused the connection: ${error.reason}${codec}`, address, error)
}

/** This side refuses the peer's greeting. */
export function mismatchError(address: string, error: WireError): IpcError {
  return handshakeError(`${address} is refused: ${error.reason}`, address, error)
}

/** The peer of an open connection sent ERROR. */
export function peerError({ code, retryable, reason }: WireError): IpcError {
  const details = { wireCode: code, retryable }
  if (code === WIRE_ERROR.aborted) {
    return new IpcError('IPC_ABORTED', `aborted by the peer${reason === '' ? '' : `: ${reason}`}`, {
      details,
    })
  }
  return new IpcError('IPC_PROTOCOL', `the peer gave up: ${reason}`, { details })
}

/** What a peer is told when the application of this side has given up. */
export function abortedByThisSide({ cause }: IpcError): WireError {
  const reason = cause instanceof Error ? cause.message : typeof cause === 'string' ? cause : ''
  return { code: WIRE_ERROR.aborted, retryable: false, reason }
}

/** The peer of an open connection broke the protocol. */
export function violationError({ code, reason }: WireError): IpcError {
  return new IpcError('IPC_PROTOCOL', `the peer broke the protocol: ${reason}`, {
    details: { wireCode: code },
  })
}

function handshakeError(message: string, address: string, { code, retryable }: WireError): IpcError {
  return new IpcError(REFUSED.get(code) ?? 'IPC_PROTOCOL', message, {
    details: { address, wireCode: code, retryable },
  })
}
