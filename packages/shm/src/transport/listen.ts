import type { Server, Socket } from 'node:net'
import { IpcError, type Listener } from '@ipc/core'
import { abortedError, createListener, type FedListener, startTimer } from '@ipc/core/internal'
import { ensureDirectory, fileError, socketPath } from '../region/directory.js'
import { lockName } from '../region/name-lock.js'
import { nodeModule } from '../region/node-modules.js'
import { writeLine } from './line-socket.js'
import { acceptSetUp, type SetUp } from './set-up.js'
import type { ShmListenOptions } from './shm-options.js'

/** A set-up that takes longer is given up: the peer hangs. */
const SET_UP_TIMEOUT_MS = 5_000

/** Listen on a name. */
export async function listenNamed<In, Out>(
  setUp: Omit<SetUp<In, Out>, 'socket' | 'options'> & { readonly options: ShmListenOptions<In, Out> },
): Promise<Listener<In, Out>> {
  const { directory, name, options } = setUp
  if (options.signal?.aborted) throw abortedError('listen', options.signal.reason)
  ensureDirectory(directory)
  const path = socketPath(directory, name)
  const unlock = lockName(directory, name)
  const settingUp = new Set<Socket>()
  const server = nodeModule('node:net').createServer({ allowHalfOpen: false }, (socket) => {
    settingUp.add(socket)
    socket.once('close', () => settingUp.delete(socket))
    void accept({ ...setUp, socket }, listener, () => settingUp.delete(socket))
  })
  try {
    await listening(server, path)
  } catch (cause) {
    unlock()
    throw fileError(`cannot listen on ${name}`, cause)
  }
  const listener = createListener<In, Out, string>(
    {
      address: name,
      async stop() {
        // Not awaited: the callback of close comes when the last accepted connection has ended.
        server.close()
        for (const socket of settingUp) socket.destroy()
        unlock()
      },
      ref: () => server.ref(),
      unref: () => server.unref(),
    },
    options.backlog,
  )
  return listener
}

async function accept<In, Out>(
  setUp: SetUp<In, Out>,
  listener: FedListener<In, Out, string>,
  done: () => void,
): Promise<void> {
  const { socket } = setUp
  socket.on('error', () => {})
  if (!listener.accepting) {
    const { code, message } = new IpcError('IPC_CONNECT_FAILED', 'the backlog of the listener is full')
    writeLine(socket, { code, message })
    socket.end(() => socket.destroy())
    return
  }
  const stopTimer = startTimer(SET_UP_TIMEOUT_MS, () => socket.destroy())
  try {
    const connection = await acceptSetUp(setUp)
    done()
    listener.offer(connection)
  } catch {
    // The peer was told, or is gone; the next one may do better.
  } finally {
    stopTimer()
  }
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ path }, () => {
      server.off('error', reject)
      // Running out of descriptors in accept must not end the process; the next accept tries again.
      server.on('error', () => {})
      resolve()
    })
  })
}
