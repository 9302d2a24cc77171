import { type Connection, type ConnectOptions, IpcError } from '@ipc/core'
import { abortedError, startWait } from '@ipc/core/internal'
import { type Envelope, readError } from './envelope.js'
import { meet, openConnection, type Side } from './greeting.js'
import type { Lane, PortHub } from './port-hub.js'

/** Ask whoever listens at the other end of a port for a connection, and wait for the answer. */
export function connectAt<In, Out>(
  hub: PortHub,
  side: Side<In, Out>,
  { signal, timeoutMs }: ConnectOptions<In, Out>,
): Promise<Connection<In, Out>> {
  if (signal?.aborted) return Promise.reject(abortedError('connect', signal.reason))
  const wait = startWait<Connection<In, Out>>('connect', { signal, timeoutMs }, () => {
    leave(lane, abortedError('connect', signal?.reason))
  })
  if (hub.lost !== undefined) {
    wait.reject(unreachable(hub.lost))
    return wait.promise
  }
  const settle = (error: unknown): void => {
    lane.release()
    wait.reject(error)
  }
  const sayHello = (): void => lane.post('hello', [side.greeting])
  const lane = hub.open(newId(), {
    envelope(envelope) {
      const [, kind, , first] = envelope
      if (kind === 'welcome') welcomed(lane, side, envelope, wait)
      else if (kind === 'refuse') settle(readError(first))
      else {
        const error = new IpcError('IPC_PROTOCOL', `${JSON.stringify(kind)} came in answer to hello`)
        leave(lane, error)
        wait.reject(error)
      }
    },
    listening: sayHello,
    lost: (error) => settle(unreachable(error)),
  })
  sayHello()
  return wait.promise
}

function welcomed<In, Out>(
  lane: Lane,
  side: Side<In, Out>,
  envelope: Envelope,
  wait: { resolve(connection: Connection<In, Out>): void; reject(error: unknown): void },
): void {
  try {
    const greeting = meet(side.greeting, envelope)
    lane.post('ready', [])
    wait.resolve(openConnection(lane, side, greeting))
  } catch (error) {
    leave(lane, error as IpcError)
    wait.reject(error)
  }
}

/** Give up: the other side, if it is there, need not wait either. */
function leave(lane: Lane, why: IpcError): void {
  lane.post('abort', [why.toJSON()])
  lane.release()
}

function unreachable(lost: IpcError): IpcError {
  if (lost.code !== 'IPC_PEER_LOST') return lost
  return new IpcError('IPC_CONNECT_FAILED', `cannot connect: ${lost.message}`, {
    cause: lost,
    details: lost.details,
  })
}

function newId(): number {
  return 1 + Math.floor(Math.random() * Number.MAX_SAFE_INTEGER)
}
