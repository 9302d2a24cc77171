import type { Connection, Unsubscribe } from './connection.js'
import { IpcError, type IpcErrorJson, isIpcError } from './errors.js'
import { checkSize } from './internal/limits.js'
import { sendInTurn } from './internal/send-in-turn.js'
import { startTimer } from './internal/timer.js'
import { isProtocolMessage, type RequestMessage, type RpcMessage } from './protocol-messages.js'

/** What a handler of {@link serve} is told about a request. */
export interface RequestContext {
  /** Aborts when the caller cancels, its deadline passes, or the connection ends. */
  readonly signal: AbortSignal
  readonly connection: Connection<unknown, unknown>
}

/** Options of {@link serve}. */
export interface ServeOptions {
  /**
   * What the requests that are being handled may take, in bytes, from when they come in until their replies are sent. Each
   * counts as its size plus 1024. Further ones fail with `IPC_QUEUE_FULL`.
   *
   * @default 64 MiB
   */
  readonly maxPendingBytes?: number | undefined
}

const DEFAULT_MAX_PENDING_BYTES = 64 * 1024 * 1024
/** About what a request takes beside its body: promises, a controller, an entry. */
const REQUEST_OVERHEAD_BYTES = 1024

/**
 * Answer the peer's {@link request} calls on a connection: what `handler` returns is the reply, what it throws is the
 * caller's error. Requests are handled as they come, concurrently; the application's other messages are left alone.
 *
 * @returns what ends serving: running handlers finish, further requests are left to other readers.
 * @throws RangeError for an option that cannot be right.
 *
 * @example
 * ```ts
 * import { type Connection, serve } from '@ipc/core'
 *
 * function serveSquares(connection: Connection): void {
 *   serve(connection, (body) => {
 *     const { square } = body as { square: number }
 *     return square * square
 *   })
 * }
 * ```
 */
export function serve(
  connection: Connection<unknown, unknown>,
  handler: (body: unknown, context: RequestContext) => unknown,
  options: ServeOptions = {},
): Unsubscribe {
  const maxPendingBytes = checkSize('maxPendingBytes', options.maxPendingBytes ?? DEFAULT_MAX_PENDING_BYTES)
  let pendingBytes = 0
  const running = new Map<number, AbortController>()
  let serving = true
  let stop: Unsubscribe | undefined
  // Not before, because the callers of running handlers may still cancel.
  const stopWhenIdle = (): void => {
    if (!serving && running.size === 0) stop?.()
  }
  stop = connection.intercept((message, { bytes }) => {
    if (isProtocolMessage(message, 'cancel')) {
      const controller = running.get(message.id)
      controller?.abort(new IpcError('IPC_ABORTED', 'the caller cancelled the request'))
      return controller !== undefined || serving
    }
    if (!serving || !isProtocolMessage(message, 'request')) return false
    // Or the first one's handler would never hear that its caller is gone.
    if (running.has(message.id)) {
      sendFailure(
        connection,
        message.id,
        new IpcError('IPC_PROTOCOL', `request ${message.id} is being handled`),
      )
      return true
    }
    const cost = bytes + REQUEST_OVERHEAD_BYTES
    if (pendingBytes + cost > maxPendingBytes) {
      const what = `${running.size} requests of ${pendingBytes} bytes are being handled, the limit is ${maxPendingBytes}`
      sendFailure(connection, message.id, new IpcError('IPC_QUEUE_FULL', what))
      return true
    }
    pendingBytes += cost
    void answer(connection, message, handler, running).then(() => {
      pendingBytes -= cost
      stopWhenIdle()
    })
    return true
  })
  void connection.closed.then(({ error }) => {
    const reason = error ?? new IpcError('IPC_CLOSED', 'connection is closed')
    for (const controller of running.values()) controller.abort(reason)
  })
  return () => {
    serving = false
    stopWhenIdle()
  }
}

async function answer(
  connection: Connection<unknown, unknown>,
  { id, body, timeoutMs }: RequestMessage,
  handler: (body: unknown, context: RequestContext) => unknown,
  running: Map<number, AbortController>,
): Promise<void> {
  const controller = new AbortController()
  running.set(id, controller)
  const stopTimer = startTimer(validTimeout(timeoutMs), () => {
    controller.abort(new IpcError('IPC_TIMEOUT', `the caller waited only ${timeoutMs} ms`))
  })
  let reply: RpcMessage
  try {
    const result = await handler(body, { signal: controller.signal, connection })
    reply = result === undefined ? { ipc: 'reply', id } : { ipc: 'reply', id, body: result }
  } catch (error) {
    reply = { ipc: 'failure', id, error: failure(error) }
  }
  const wanted = (): boolean => !controller.signal.aborted && connection.status === 'open'
  try {
    await sendInTurn(connection, () => (wanted() ? reply : undefined))
  } catch (error) {
    if (wanted()) sendFailure(connection, id, error)
  }
  stopTimer()
  running.delete(id)
}

/** The reply itself could not be sent (too large, not encodable): the caller has to hear that at least. */
function sendFailure(connection: Connection<unknown, unknown>, id: number, error: unknown): void {
  try {
    connection.send({ ipc: 'failure', id, error: failure(error) } satisfies RpcMessage)
  } catch (cause) {
    // Not even that: ending the connection is the only way left to settle the caller.
    connection.abort(cause)
  }
}

/** A peer's number is not to be trusted. */
function validTimeout(timeoutMs: unknown): number {
  return typeof timeoutMs === 'number' && timeoutMs >= 0 ? timeoutMs : Number.POSITIVE_INFINITY
}

function failure(error: unknown): IpcErrorJson {
  if (isIpcError(error)) return error.toJSON()
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return new IpcError('IPC_REMOTE_FAILED', message).toJSON()
}
