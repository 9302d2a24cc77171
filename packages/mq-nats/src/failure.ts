import { IpcError, type IpcErrorCode, isIpcError } from '@ipc/core'
import { JetStreamApiError, JetStreamError } from '@nats-io/jetstream'
import { errors, PermissionViolationError } from '@nats-io/transport-node'

/** What JetStream answers, by its own numbers. */
const WRONG_LAST_MESSAGE_ID = 10_070
const WRONG_LAST_SEQUENCE = 10_071
const STORE_FAILED = 10_077
const STREAM_NOT_FOUND = 10_059
const CONSUMER_NOT_FOUND = 10_014
/** A stream of which every message goes to one consumer has one. */
const CONSUMER_TAKEN = [10_099, 10_100]
const MEANINGS: Readonly<Record<number, readonly [IpcErrorCode, string]>> = {
  10023: ['IPC_OUT_OF_MEMORY', 'the server lacks resources'],
  10028: ['IPC_OUT_OF_MEMORY', 'the server has no more memory for streams: raise its limit, or purge'],
  10039: ['IPC_NOT_SUPPORTED', 'JetStream is not enabled for this account: enable it'],
  10047: ['IPC_OUT_OF_MEMORY', 'the server has no more storage for streams: lower maxBytes, or give it more'],
  10054: ['IPC_MESSAGE_TOO_LARGE', 'the stream does not take messages of this size'],
  [STREAM_NOT_FOUND]: ['IPC_PEER_LOST', 'the stream of the queue was deleted: open the queue again'],
  10076: ['IPC_NOT_SUPPORTED', 'JetStream is not enabled: start the server with -js'],
}

/** An error as JetStream writes it. */
export interface ApiFailure {
  readonly code: number
  readonly err_code?: number
  readonly description: string
}

/** Whether a stream has no room. */
export function isFull({ err_code, description }: ApiFailure): boolean {
  return err_code === STORE_FAILED && /^maximum (messages|bytes)/.test(description)
}

/** Whether the stream was not as the message demanded. */
export function isOutOfTurn({ err_code }: ApiFailure): boolean {
  return err_code === WRONG_LAST_MESSAGE_ID || err_code === WRONG_LAST_SEQUENCE
}

/** Whether what was asked for is not there, and not only its leader. */
export function isGone(error: unknown): boolean {
  return error instanceof JetStreamApiError && [STREAM_NOT_FOUND, CONSUMER_NOT_FOUND].includes(error.code)
}

/** Whether the stream has a consumer already. */
export function isTaken(error: unknown): boolean {
  return error instanceof JetStreamApiError && CONSUMER_TAKEN.includes(error.code)
}

/** The error for what JetStream refused. */
export function refusal(what: string, { code, err_code = 0, description }: ApiFailure): IpcError {
  const [ours, advice] = MEANINGS[err_code] ?? ['IPC_REMOTE_FAILED', 'the server refused']
  return new IpcError(ours, `${what}: ${advice} (${description})`, {
    details: { code, err_code, description },
  })
}

/** The error for whatever a call of the client threw. */
export function failure(what: string, error: unknown): unknown {
  if (isIpcError(error) || error instanceof TypeError || error instanceof RangeError) return error
  if (error instanceof JetStreamApiError) return withCause(refusal(what, error.apiError()), error)
  const { message } = error as Error
  const wrap = (code: IpcErrorCode, advice: string): IpcError =>
    new IpcError(code, `${what}: ${advice} (${message})`, { cause: error })
  const causes = [error, (error as Error).cause]
  if (causes.some((each) => each instanceof PermissionViolationError)) {
    return wrap('IPC_PERMISSION_DENIED', 'the server does not let this user do that: change its permissions')
  }
  if (causes.some((each) => each instanceof errors.NoRespondersError) || error instanceof JetStreamError) {
    return wrap('IPC_NOT_SUPPORTED', 'JetStream is not enabled: start the server with -js')
  }
  if (error instanceof errors.TimeoutError) {
    return wrap('IPC_TIMEOUT', 'the server did not answer; it may have done it or not')
  }
  if (error instanceof errors.ClosedConnectionError || error instanceof errors.DrainingConnectionError) {
    return wrap('IPC_CLOSED', 'the connection is closed')
  }
  if ((error as Error).name === 'JetStreamNotEnabled') {
    return wrap('IPC_NOT_SUPPORTED', 'JetStream is not enabled: start the server with -js')
  }
  return wrap('IPC_REMOTE_FAILED', 'the server or its connection failed')
}

/** An error for a call that ended before the server said what came of it. */
export function unknownFate({ code, message, cause }: IpcError): IpcError {
  return new IpcError(code, `${message}; whether the message is queued is not known`, {
    cause,
    details: { fate: 'unknown' },
  })
}

function withCause({ code, message, details }: IpcError, cause: unknown): IpcError {
  return new IpcError(code, message, { cause, details })
}
