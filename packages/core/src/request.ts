import type { Connection, WaitOptions } from './connection.js'
import { IpcError } from './errors.js'
import { errorFrom } from './internal/error-from.js'
import { sendInTurn } from './internal/send-in-turn.js'
import { abortedError, startWait, type Wait } from './internal/wait.js'
import { isProtocolMessage, type RpcMessage } from './protocol-messages.js'

/** The requests of one connection that wait for a reply. */
interface Outstanding {
  nextId: number
  readonly waits: Map<number, Wait<unknown>>
}

const outstandingOf = new WeakMap<object, Outstanding>()

/**
 * Send a request and wait for the reply of the peer's {@link serve}. Many may be under way at once; replies may
 * come in any order. It always settles: by reply, failure, time, signal, or the end of the connection.
 *
 * The deadline and the cancellation travel: the peer's handler sees them as its `signal`. The application's other
 * messages on the connection are left alone. Awaits backpressure before it sends.
 *
 * @param message - The body; the connection's codec has to carry objects.
 * @throws {@link IpcError} `IPC_TIMEOUT`, `IPC_ABORTED`; `IPC_REMOTE_FAILED` when the handler threw (or the code of the
 * `IpcError` it threw); `IPC_PEER_LOST`, `IPC_CLOSED`, ... when the connection ended first.
 *
 * @example
 * ```ts
 * import { type Connection, request } from '@ipc/core'
 *
 * async function square(connection: Connection, n: number): Promise<number> {
 *   return request<number>(connection, { square: n }, { timeoutMs: 1000 })
 * }
 * ```
 */
export async function request<Reply = unknown>(
  connection: Connection<unknown, unknown>,
  message: unknown,
  options: WaitOptions = {},
): Promise<Reply> {
  const { signal, timeoutMs } = options
  if (signal?.aborted) throw abortedError('request', signal.reason)
  const outstanding = attach(connection)
  const id = outstanding.nextId++
  let sent = false
  const cancel = (): void => {
    outstanding.waits.delete(id)
    if (sent) trySend(connection, { ipc: 'cancel', id })
  }
  const wait = startWait<unknown>('request', options, cancel)
  outstanding.waits.set(id, wait)
  const finite = timeoutMs !== undefined && timeoutMs !== Number.POSITIVE_INFINITY
  const asked: RpcMessage = {
    ipc: 'request',
    id,
    ...(message === undefined ? {} : { body: message }),
    ...(finite ? { timeoutMs } : {}),
  }
  const prepare = (): RpcMessage | undefined => {
    sent = outstanding.waits.has(id)
    return sent ? asked : undefined
  }
  sendInTurn(connection, prepare).catch((error: unknown) => {
    outstanding.waits.delete(id)
    wait.reject(error)
  })
  return (await wait.promise) as Reply
}

function attach(connection: Connection<unknown, unknown>): Outstanding {
  const known = outstandingOf.get(connection)
  if (known !== undefined) return known
  const outstanding: Outstanding = { nextId: 1, waits: new Map() }
  outstandingOf.set(connection, outstanding)
  connection.intercept((message) => {
    if (!isProtocolMessage(message, 'reply', 'failure')) return false
    const wait = outstanding.waits.get(message.id)
    outstanding.waits.delete(message.id)
    if (message.ipc === 'reply') wait?.resolve(message.body)
    else wait?.reject(errorFrom(message.error, 'the peer'))
    return true
  })
  void connection.closed.then(({ error }) => {
    for (const wait of outstanding.waits.values()) {
      wait.reject(
        new IpcError(
          error?.code ?? 'IPC_CLOSED',
          `connection ended before the reply: ${error?.message ?? 'closed'}`,
          {
            cause: error,
          },
        ),
      )
    }
    outstanding.waits.clear()
  })
  return outstanding
}

function trySend(connection: Connection<unknown, unknown>, message: RpcMessage): void {
  try {
    connection.send(message)
  } catch {
    // The connection has ended or is full: the peer learns of it otherwise, or finishes for nothing.
  }
}
