import type { MessageCount, Peer, SendOptions } from '../connection.js'
import type { IpcError } from '../errors.js'

/**
 * What a transport supplies for one connection; the connection core supplies the rest (states, queues, waits).
 * The core calls the link, the link calls its {@link LinkEvents}; neither from within a constructor, and the link
 * delivers nothing from within `send`.
 */
export interface Link<Out> {
  readonly peer: Peer
  /**
   * Take one message: encode and hand it over, or buffer it in order. Returns whether the link flows freely; after
   * `false` it calls `flowing()` once it does again. The core has checked state and hard limit.
   *
   * @throws IpcError `IPC_MESSAGE_TOO_LARGE`, `IPC_NOT_SUPPORTED`; TypeError of the codec. Nothing is taken then.
   */
  send(message: Out, options: SendOptions | undefined): boolean
  /** Whether `send` returned false and `flowing()` was not called since. */
  readonly congested: boolean
  /** Taken by `send`, not yet handed over to the peer's side (kernel, shared memory, port). */
  readonly bufferedMessages: number
  readonly bufferedBytes: number
  /** Of what is buffered: what the peer may have got, and has not acknowledged. Nothing where nobody acknowledges. */
  readonly underWay?: MessageCount | undefined
  /** Encoded bytes of all messages taken. */
  readonly bytesSent: number
  /** The core has no room: deliver nothing more until `resume`, and let the peer feel it. */
  pause(): void
  resume(): void
  /** No more sends: once all is handed over, tell the peer that this was all, then call `ended()`. */
  end(): void
  /**
   * The connection is over: free everything, deliver nothing more. With `abort` set, tell the peer if that is
   * possible without waiting.
   */
  destroy(abort: IpcError | undefined): void
  ref(): void
  unref(): void
}

/** How a {@link Link} reports to the connection core. Nothing here throws. */
export interface LinkEvents {
  /** A decoded message has come in. `bytes`: its size, or an estimate. */
  deliver(message: unknown, bytes: number): void
  /** An encoded message has come in, in `source[start, end)`; it is decoded before this returns. */
  deliverEncoded(source: Uint8Array, start: number, end: number): void
  /** The link flows freely again. */
  flowing(): void
  /** After `end()`: the peer has been told that this was all. */
  ended(): void
  /** The peer has told that it sends no more (in order, after its last message). */
  peerEnded(): void
  /** The connection cannot go on: `IPC_PEER_LOST`, `IPC_PROTOCOL`, or `IPC_ABORTED` when the peer aborted. */
  lost(error: IpcError): void
}
