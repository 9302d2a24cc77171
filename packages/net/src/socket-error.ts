import { IpcError, type IpcErrorCode, isIpcError } from '@ipc/core'
import { PERMISSION_ADVICE } from './permission.js'

interface Meaning {
  readonly code: IpcErrorCode
  readonly advice: string
}

const CONNECT: ReadonlyMap<string, Meaning> = new Map([
  ['ECONNREFUSED', failed('nobody listens there: start the listener first')],
  ['ENOENT', failed('there is no such socket: start the listener first')],
  ['ENOTSOCK', failed('it is no socket')],
  ['EAGAIN', failed('too many wait there to be accepted: try again later')],
  ['EHOSTUNREACH', failed('there is no route to the host')],
  ['ENETUNREACH', failed('there is no route to the network')],
  ['ETIMEDOUT', failed('the host does not answer')],
  ['ENOTFOUND', failed('the host name is not known')],
  ['EAI_AGAIN', failed('the host name could not be looked up: try again later')],
  ['EACCES', denied('this user may not connect there')],
  ['EPERM', denied('this user may not connect there')],
  ['ERR_ACCESS_DENIED', denied(PERMISSION_ADVICE)],
])

const TAKEN: Meaning = { code: 'IPC_ADDRESS_IN_USE', advice: 'somebody listens there already' }

const LISTEN: ReadonlyMap<string, Meaning> = new Map([
  ['EADDRINUSE', TAKEN],
  ['EEXIST', TAKEN],
  ['EACCES', denied('this user may not listen there')],
  ['EPERM', denied('this user may not listen there')],
  ['EADDRNOTAVAIL', failed('this machine has no such address')],
  ['ENOTFOUND', failed('the host name is not known')],
  ['EAI_AGAIN', failed('the host name could not be looked up: try again later')],
])

/** What a socket's error means for `connect`; `undefined`: the peer closed before it said anything. */
export function connectError(address: string, cause: Error | undefined): IpcError {
  const closed = failed(
    'it closed the connection before its greeting: is it an @ipc/net listener, and for this kind of address?',
  )
  return translate(`cannot connect to ${address}`, address, cause, CONNECT, closed)
}

/** What a server's error means for `listen`. */
export function listenError(address: string, cause: Error): IpcError {
  return translate(`cannot listen at ${address}`, address, cause, LISTEN, failed(cause.message))
}

function translate(
  what: string,
  address: string,
  cause: Error | undefined,
  meanings: ReadonlyMap<string, Meaning>,
  otherwise: Meaning,
): IpcError {
  if (isIpcError(cause)) return cause
  const systemCode = (cause as NodeJS.ErrnoException | undefined)?.code
  const { code, advice } = meanings.get(systemCode ?? '') ?? otherwise
  return new IpcError(code, `${what}: ${advice}`, { cause, details: { address, systemCode } })
}

function failed(advice: string): Meaning {
  return { code: 'IPC_CONNECT_FAILED', advice }
}

function denied(advice: string): Meaning {
  return { code: 'IPC_PERMISSION_DENIED', advice }
}
