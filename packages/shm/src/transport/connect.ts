import type { Socket } from 'node:net'
import { type Connection, IpcError, isIpcError } from '@ipc/core'
import { abortedError, startWait } from '@ipc/core/internal'
import { fileError, socketPath } from '../region/directory.js'
import { nodeModule } from '../region/node-modules.js'
import { connectSetUp, type SetUp } from './set-up.js'

/** Connect to the listener of a name. */
export async function connectNamed<In, Out>(
  setUp: Omit<SetUp<In, Out>, 'socket'>,
): Promise<Connection<In, Out>> {
  const { directory, name, options } = setUp
  const { signal, timeoutMs } = options
  if (signal?.aborted) throw abortedError('connect', signal.reason)
  const socket = nodeModule('node:net').connect({ path: socketPath(directory, name) })
  const wait = startWait<Connection<In, Out>>('connect', { signal, timeoutMs }, () => socket.destroy())
  opened(socket, name)
    .then(() => connectSetUp({ ...setUp, socket }))
    .then(wait.resolve, (error) => {
      socket.destroy()
      // Gone before it answered: to the caller that is a connection that did not come about.
      wait.reject(isIpcError(error, 'IPC_PEER_LOST') ? notAccepted(name, error) : error)
    })
  return wait.promise
}

function opened(socket: Socket, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve())
    // Stays for the whole set-up: an error without a listener would end the process; 'close' tells the rest.
    socket.on('error', (cause: NodeJS.ErrnoException) => {
      const nobody = cause.code === 'ENOENT' || cause.code === 'ECONNREFUSED'
      reject(
        nobody
          ? new IpcError('IPC_CONNECT_FAILED', `nobody listens on ${name}: start the listener first`, {
              cause,
            })
          : fileError(`cannot connect to ${name}`, cause),
      )
    })
  })
}

function notAccepted(name: string, cause: unknown): IpcError {
  return new IpcError('IPC_CONNECT_FAILED', `the listener on ${name} ended before it accepted`, { cause })
}
