import type {
  AbortOptions,
  CloseReason,
  Connection,
  ConnectionOptions,
  ConnectionStats,
  ConnectionStatus,
  Interceptor,
  Peer,
  SendOptions,
  Unsubscribe,
  WaitOptions,
} from '../connection.js'
import { publish } from '../diagnostics.js'
import { IpcError, isIpcError } from '../errors.js'
import { Inbox } from './inbox.js'
import type { Limits } from './limits.js'
import type { Link, LinkEvents } from './link.js'
import { abortedError, startWait, type Wait } from './wait.js'

/** What {@link createConnection} needs. */
export interface ConnectionInit<In, Out> {
  readonly options: ConnectionOptions<In, Out>
  readonly limits: Limits
  /** Called once, at once. The link must not report anything before this returns. */
  link(events: LinkEvents): Link<Out>
}

/**
 * Make an open connection over a transport's link: this is the one implementation of {@link Connection}.
 *
 * ```
 *         close(), or the peer ended               both sides told
 *   open --------------------------> closing --------------------> closed
 *     \_________ abort(), peer lost, protocol error _____________/
 * ```
 */
export function createConnection<In, Out>(init: ConnectionInit<In, Out>): Connection<In, Out> {
  return new CoreConnection(init)
}

class CoreConnection<In, Out> implements Connection<In, Out> {
  readonly closed: Promise<CloseReason>
  readonly #link: Link<Out>
  readonly #limits: Limits
  readonly #allowHalfOpen: boolean
  readonly #inbox: Inbox<In>
  readonly #draining = new Set<Wait<void>>()
  #resolveClosed!: (reason: CloseReason) => void
  #status: ConnectionStatus = 'open'
  #closedBy: 'local' | 'remote' = 'local'
  #ended = false
  #peerEnded = false
  #reason: CloseReason | undefined
  #messagesSent = 0
  #congestions = 0

  constructor({ options, limits, link }: ConnectionInit<In, Out>) {
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve
    })
    this.#limits = limits
    this.#allowHalfOpen = options.allowHalfOpen ?? false
    const inbox = new Inbox<In>(options, limits, {
      full: () => this.#link.pause(),
      room: () => {
        if (this.#status !== 'closed') this.#link.resume()
      },
    })
    this.#inbox = inbox
    this.#link = link({
      deliver: (message, bytes) => {
        if (this.#status !== 'closed') inbox.put(message, bytes)
      },
      deliverEncoded: (source, start, end) => {
        if (this.#status !== 'closed') inbox.putEncoded(source, start, end)
      },
      flowing: () => this.#settleDraining((wait) => wait.resolve()),
      ended: () => {
        this.#ended = true
        this.#finishWhenBothEnded()
      },
      peerEnded: () => {
        this.#peerEnded = true
        if (this.#status === 'open') this.#endReceiving()
        this.#finishWhenBothEnded()
      },
      lost: (error) => this.#finish(error.code === 'IPC_ABORTED' ? 'remote' : 'transport', error),
    })
    publish('ipc:connection:open', { connection: this, peer: this.#link.peer })
  }

  get status(): ConnectionStatus {
    return this.#status
  }

  get peer(): Peer {
    return this.#link.peer
  }

  send(message: Out, options?: SendOptions): boolean {
    if (this.#status !== 'open') throw this.#endError()
    const link = this.#link
    if (link.bufferedBytes >= this.#limits.maxBufferedBytes) throw this.#queueFull()
    const flowing = link.send(message, options)
    this.#messagesSent++
    if (!flowing) this.#congestions++
    return flowing
  }

  drained(options?: AbortOptions): Promise<void> {
    if (options?.signal?.aborted) return Promise.reject(abortedError('drained', options.signal.reason))
    if (this.#status === 'closed') return Promise.reject(this.#endError())
    if (!this.#link.congested) return Promise.resolve()
    const wait = startWait<void>('drained', { signal: options?.signal }, () => this.#draining.delete(wait))
    this.#draining.add(wait)
    return wait.promise
  }

  receive(options?: WaitOptions): Promise<In> {
    return this.#inbox.receive(options)
  }

  tryReceive(): In | undefined {
    return this.#inbox.tryReceive()
  }

  onMessage(listener: (message: In) => void, onDecodeError?: (error: IpcError) => void): Unsubscribe {
    return this.#inbox.onMessage(listener, onDecodeError)
  }

  intercept(interceptor: Interceptor<In>): Unsubscribe {
    return this.#inbox.intercept(interceptor)
  }

  [Symbol.asyncIterator](): AsyncIterator<In, undefined> {
    let returned = false
    return {
      next: async (): Promise<IteratorResult<In, undefined>> => {
        if (returned) return { done: true, value: undefined }
        try {
          return { done: false, value: await this.receive() }
        } catch (error) {
          if (!isIpcError(error, 'IPC_CLOSED')) throw error
          return { done: true, value: undefined }
        }
      },
      return: async (): Promise<IteratorResult<In, undefined>> => {
        returned = true
        return { done: true, value: undefined }
      },
    }
  }

  async close(options?: AbortOptions): Promise<void> {
    if (this.#status === 'closed') return
    const signal = options?.signal
    const onAbort = (): void => this.abort(signal?.reason)
    if (signal?.aborted) onAbort()
    else {
      signal?.addEventListener('abort', onAbort, { once: true })
      if (this.#status === 'open') this.#beginClosing()
    }
    const { error } = await this.closed
    signal?.removeEventListener('abort', onAbort)
    if (error !== undefined) throw error
  }

  abort(reason?: unknown): void {
    this.#finish('local', abortedError('connection', reason))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The end of a scope is no place to report that the peer died: `closed` tells.
    await this.close().catch(() => {})
  }

  stats(): ConnectionStats {
    const { bufferedMessages, bufferedBytes, bytesSent } = this.#link
    const inbox = this.#inbox
    return {
      status: this.#status,
      messagesSent: this.#messagesSent,
      bytesSent,
      messagesReceived: inbox.messagesReceived,
      bytesReceived: inbox.bytesReceived,
      bufferedMessages,
      bufferedBytes,
      unreadMessages: inbox.unreadMessages,
      unreadBytes: inbox.unreadBytes,
      decodeFailures: inbox.decodeFailures,
      congestions: this.#congestions,
    }
  }

  ref(): void {
    if (this.#status !== 'closed') this.#link.ref()
  }

  unref(): void {
    if (this.#status !== 'closed') this.#link.unref()
  }

  /** The peer has closed, and was the first. */
  #endReceiving(): void {
    this.#closedBy = 'remote'
    if (!this.#allowHalfOpen) this.#beginClosing()
    else this.#inbox.end(new IpcError('IPC_CLOSED', 'the peer has closed, this side may still send'))
  }

  #beginClosing(): void {
    this.#status = 'closing'
    // Whoever closes both directions at once may read no more; the peer's own closing must not wait for that.
    if (!this.#allowHalfOpen) this.#inbox.startClosing()
    this.#link.end()
  }

  #finishWhenBothEnded(): void {
    if (this.#ended && this.#peerEnded) this.#finish(this.#closedBy, undefined)
  }

  #finish(by: CloseReason['by'], error: IpcError | undefined): void {
    if (this.#status === 'closed') return
    this.#status = 'closed'
    const link = this.#link
    const inbox = this.#inbox
    const unknown = link.underWay ?? { messages: 0, bytes: 0 }
    const unsent = {
      messages: link.bufferedMessages - unknown.messages,
      bytes: link.bufferedBytes - unknown.bytes,
    }
    const abortedHere = by === 'local' && error !== undefined
    if (abortedHere) inbox.discard()
    link.destroy(abortedHere || error?.code === 'IPC_PROTOCOL' ? error : undefined)
    const discarded = { messages: inbox.discardedMessages, bytes: inbox.discardedBytes }
    this.#reason = { by, code: error?.code, error, unsent, unknown, discarded }
    inbox.end(this.#endError())
    this.#settleDraining((wait) => wait.reject(this.#endError()))
    this.#resolveClosed(this.#reason)
    publish('ipc:connection:close', { connection: this, reason: this.#reason })
  }

  #settleDraining(settle: (wait: Wait<void>) => void): void {
    for (const wait of this.#draining) settle(wait)
    this.#draining.clear()
  }

  /** Why nothing more is sent or received. A new error each time: its stack shows the caller. */
  #endError(): IpcError {
    const error = this.#reason?.error
    if (error === undefined) {
      const how = this.#closedBy === 'remote' ? 'by the peer' : 'by this side'
      return new IpcError('IPC_CLOSED', `connection is ${this.#status}, ${how}`)
    }
    return new IpcError(error.code, error.message, { cause: error.cause ?? error, details: error.details })
  }

  #queueFull(): IpcError {
    const { bufferedBytes } = this.#link
    const { maxBufferedBytes } = this.#limits
    return new IpcError(
      'IPC_QUEUE_FULL',
      `${bufferedBytes} bytes wait to be sent, the limit is ${maxBufferedBytes}: await drained() when send returns false`,
      { details: { bufferedBytes, maxBufferedBytes } },
    )
  }
}
