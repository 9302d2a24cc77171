import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Codec } from './codec.js'
import type { IpcError, IpcErrorCode } from './errors.js'

/** Ends what {@link Connection.onMessage} and its kin began. Calling it again does nothing. */
export type Unsubscribe = () => void

/** Accepted by everything that waits. */
export interface AbortOptions {
  /** Ends the wait with `IPC_ABORTED` (`cause` is the signal's reason). */
  readonly signal?: AbortSignal | undefined
}

/** Accepted by waits that can also end by time. */
export interface WaitOptions extends AbortOptions {
  /**
   * Longest wait in milliseconds; then `IPC_TIMEOUT`. What is there already is taken even with 0.
   *
   * @default Infinity
   */
  readonly timeoutMs?: number | undefined
}

/** Options of {@link Connection.send}. */
export interface SendOptions {
  /**
   * Objects that move instead of being copied (`ArrayBuffer`, `MessagePort`). Only where
   * `transport.capabilities.transferLists` is true; elsewhere `IPC_NOT_SUPPORTED`.
   */
  readonly transfer?: readonly object[] | undefined
}

/** What the transport itself can tell about the other side; nothing the peer merely claims. */
export interface Peer {
  /** Name of the transport. */
  readonly transport: string
  /** Where the peer is, as the transport writes addresses. */
  readonly address?: string
  /** Process id, where the operating system vouches for it. */
  readonly pid?: number
  /** Thread id of a worker, where this side created it. */
  readonly threadId?: number
  /** User id, where file ownership proves it. */
  readonly uid?: number
  /**
   * Who the peer is, where it proved that: the id of the key that both sides know, or the name in its verified certificate,
   * as the transport writes them. Absent where nobody was asked for a proof.
   */
  readonly identity?: string
  /** `true` when everything between the two sides is encrypted and cannot be changed on its way. */
  readonly encrypted?: boolean
}

/** What {@link Connection.intercept} tells of the message that has come in, beside the message itself. */
export interface Incoming {
  /** Its encoded size; an estimate where values travel as such. Of this message only until the interceptor returns. */
  readonly bytes: number
  /**
   * Read no more of the connection until the returned function is called, so that what interceptors keep is bounded: the
   * peer feels it as it feels unread messages. No effect once the connection is closing.
   */
  hold(): Unsubscribe
}

/** Takes a message by returning `true`; see {@link Connection.intercept}. */
export type Interceptor<In = unknown> = (message: In, incoming: Incoming) => boolean

/** Counts and bytes of messages that did not make it. */
export interface MessageCount {
  readonly messages: number
  readonly bytes: number
}

/** How and why a connection ended. */
export interface CloseReason {
  /** Who ended it: this side, the peer, or nobody (a dead peer, a broken link). */
  readonly by: 'local' | 'remote' | 'transport'
  /** `undefined` after a graceful close; else the code of `error`. */
  readonly code: IpcErrorCode | undefined
  /** `undefined` after a graceful close. */
  readonly error: IpcError | undefined
  /** Accepted by `send` here, and known not to have been handed to the peer. */
  readonly unsent: MessageCount
  /** Accepted by `send` here, under way at the end, and not acknowledged: the peer may have them or not. */
  readonly unknown: MessageCount
  /** Received here, and thrown away because of `abort`, or unread above `maxBufferedBytes` while closing. */
  readonly discarded: MessageCount
}

/** A snapshot of a connection's counters: plain JSON. */
export interface ConnectionStats {
  readonly status: ConnectionStatus
  /** Accepted by `send`. */
  readonly messagesSent: number
  readonly bytesSent: number
  /** Arrived from the peer, read or not. */
  readonly messagesReceived: number
  readonly bytesReceived: number
  /** Accepted by `send` and still in this process; the bytes with what each message costs beside its size. */
  readonly bufferedMessages: number
  readonly bufferedBytes: number
  /** Received and not yet read; the bytes with 64 for each message, as `highWaterMarkBytes` counts. */
  readonly unreadMessages: number
  readonly unreadBytes: number
  /** Messages that came in and could not be decoded or did not match the schema. */
  readonly decodeFailures: number
  /** Times `send` returned `false`. */
  readonly congestions: number
}

/** Life of a connection: `open`, then `closing` while what was accepted is flushed, then `closed`. */
export type ConnectionStatus = 'open' | 'closing' | 'closed'

/**
 * A link with `send` and `receive` between two peers, whatever carries it.
 *
 * Messages arrive in the order they were sent, each once. A connection is read in one way at a time: by pulling
 * ({@link Connection.receive}, iteration) or by {@link Connection.onMessage}.
 *
 * Memory is bounded: unread messages above `highWaterMarkBytes` stop the remote sender, whose `send` then returns
 * `false`.
 *
 * @example
 * ```ts
 * import type { Connection } from '@ipc/core'
 *
 * async function echo(connection: Connection<string>): Promise<void> {
 *   for await (const message of connection) {
 *     if (!connection.send(message)) await connection.drained()
 *   }
 * }
 * ```
 */
export interface Connection<In = unknown, Out = In> extends AsyncIterable<In>, AsyncDisposable {
  readonly status: ConnectionStatus
  /** What the transport can prove about the other side. */
  readonly peer: Peer

  /**
   * Queue one message for the peer. Never blocks; the message is encoded (copied) before return, except where it is
   * transferred.
   *
   * @returns `false` when the connection is congested: the message was accepted, but await
   * {@link Connection.drained} before sending more.
   * @throws {@link IpcError} `IPC_CLOSED` once closing; `IPC_MESSAGE_TOO_LARGE` above `maxMessageBytes`;
   * `IPC_QUEUE_FULL` above `maxBufferedBytes`, when `false` was ignored. Nothing is queued then.
   * @throws TypeError | RangeError when the codec does not carry such a message.
   */
  send(message: Out, options?: SendOptions): boolean

  /**
   * Resolves when the connection takes more messages: at once when it is not congested.
   *
   * @throws {@link IpcError} `IPC_ABORTED`; the reason of the end (`IPC_CLOSED`, `IPC_PEER_LOST`, ...) when the
   * connection ended before it drained.
   */
  drained(options?: AbortOptions): Promise<void>

  /**
   * The next message, in order; waits for it. Several waiting calls are served first come, first served.
   *
   * @throws {@link IpcError} after the last message: `IPC_CLOSED` when the connection was closed, otherwise why it
   * ended (`IPC_PEER_LOST`, `IPC_ABORTED`, ...); `IPC_TIMEOUT`; `IPC_ABORTED`; `IPC_DECODE_FAILED` in place of a
   * message that could not be decoded (the next call gets the next one).
   * @throws TypeError while a listener is attached.
   */
  receive(options?: WaitOptions): Promise<In>

  /**
   * The next message if one is there, else `undefined`. Never waits and never throws because of the end.
   *
   * @throws {@link IpcError} `IPC_DECODE_FAILED` in place of a message that could not be decoded.
   * @throws TypeError while a listener is attached.
   */
  tryReceive(): In | undefined

  /**
   * Push delivery, the fastest way to read: `listener` is called for every message, in order, also for those unread
   * so far (in a microtask). With several listeners each one gets every message. What a listener throws is reported
   * as an uncaught exception and disturbs neither the connection nor other listeners.
   *
   * @param onDecodeError - Called with `IPC_DECODE_FAILED` in place of a message that could not be decoded; without
   * it such messages are counted in `stats().decodeFailures` only.
   * @throws TypeError while a `receive` is pending.
   */
  onMessage(listener: (message: In) => void, onDecodeError?: (error: IpcError) => void): Unsubscribe

  /**
   * See every message before anyone else, unread ones included, and take those for which `interceptor` returns
   * `true`. This is how `request`, `serve`, `subscribe` and other protocols share a connection with the application's
   * messages.
   */
  intercept(interceptor: Interceptor<In>): Unsubscribe

  /**
   * Close gracefully: no more sends, everything accepted reaches the peer, then both sides know. Messages of the
   * peer that are under way can still be received, and all it goes on sending with `allowHalfOpen`. Waits for a peer that
   * does not read; give a `signal` to bound it.
   * Further calls join the first.
   *
   * @throws {@link IpcError} `IPC_ABORTED` when the signal fired (the connection is aborted then); `IPC_PEER_LOST`
   * when the peer died before everything reached it.
   */
  close(options?: AbortOptions): Promise<void>

  /** End at once: what is buffered is dropped, pending calls reject with `IPC_ABORTED`, the peer is told if possible. */
  abort(reason?: unknown): void

  /** Resolves (never rejects) when the connection has ended, however it ended. No promise stays pending after it. */
  readonly closed: Promise<CloseReason>

  /** Counters, at this moment. */
  stats(): ConnectionStats

  /** Let the open connection keep the process alive (as it does from the start). */
  ref(): void
  /** Let the process exit although this connection is open. */
  unref(): void
}

/** Options every transport takes for its connections. */
export interface ConnectionOptions<In = unknown, Out = In> {
  /**
   * How messages become bytes. Both sides need the same.
   *
   * @default `msgpack()`, or structured clone where the transport carries values itself
   */
  readonly codec?: Codec<In, Out> | undefined
  /**
   * Checks (and may transform) each message that comes in, by any
   * {@link https://standardschema.dev Standard Schema}. A message that does not match is `IPC_DECODE_FAILED`; the
   * connection lives. The schema must validate synchronously.
   */
  readonly schema?: StandardSchemaV1<unknown, In> | undefined
  /**
   * Where backpressure starts, in bytes: `send` returns `false` above it, unread messages above it stop the peer.
   * Each message counts as its size plus 64 bytes.
   *
   * @default 1 MiB
   */
  readonly highWaterMarkBytes?: number | undefined
  /**
   * Hard limit for what `send` buffers when its `false` is ignored: above it `IPC_QUEUE_FULL`.
   *
   * @default 16 MiB, at least twice `highWaterMarkBytes`
   */
  readonly maxBufferedBytes?: number | undefined
  /**
   * Largest encoded message, in bytes, both ways.
   *
   * @default 16 MiB
   */
  readonly maxMessageBytes?: number | undefined
  /**
   * Close each direction for itself. When the peer closes, `receive` ends with `IPC_CLOSED`, and this side may go on sending
   * until it closes too; after its own `close`, this side is still held to read what the peer sends. Requests under way at a
   * peer that has closed settle when the connection ends.
   *
   * @default false: when the peer closes, this side closes by itself once all that it accepted is on its way
   */
  readonly allowHalfOpen?: boolean | undefined
}
