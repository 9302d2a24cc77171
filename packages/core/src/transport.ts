import type { AbortOptions, Connection, ConnectionOptions, WaitOptions } from './connection.js'

/** What a transport can and cannot do. Plain JSON; a feature declared absent rejects with `IPC_NOT_SUPPORTED`. */
export interface TransportCapabilities {
  /** Which of the two classic models moves the bytes. */
  readonly model: 'shared-memory' | 'message-passing'
  /** The farthest peer: a thread of this process, a process of this machine, another machine. */
  readonly reach: 'thread' | 'process' | 'machine'
  /** `send(message, { transfer })` moves objects instead of copying them. */
  readonly transferLists: boolean
  /** One address serves several connections at the same time. */
  readonly manyConnections: boolean
  /** Messages are encoded to bytes by the codec; `false`: values travel by structured clone, codecs are optional. */
  readonly encodes: boolean
}

/** Options of {@link Transport.connect}: those of the connection, and how long to wait for it. */
export interface ConnectOptions<In = unknown, Out = In> extends ConnectionOptions<In, Out>, WaitOptions {}

/** Options of {@link Transport.listen}; each accepted connection gets them. */
export interface ListenOptions<In = unknown, Out = In> extends ConnectionOptions<In, Out>, AbortOptions {
  /**
   * How many connections may wait to be accepted; further ones are refused.
   *
   * @default 128
   */
  readonly backlog?: number | undefined
}

/** A way to reach a peer: shared memory, ports, sockets. Made by `shm()`, `mq()`, `net()`. */
export interface Transport<Address = string> {
  readonly name: string
  readonly capabilities: TransportCapabilities
  /**
   * Connect to a listening peer.
   *
   * @throws {@link IpcError} `IPC_CONNECT_FAILED` when nobody listens there; `IPC_TIMEOUT`; `IPC_ABORTED`;
   * `IPC_VERSION_MISMATCH` or `IPC_PROTOCOL` when the other side speaks something else.
   * @throws TypeError for an address or option that cannot be right.
   */
  connect<In = unknown, Out = In>(
    address: Address,
    options?: ConnectOptions<In, Out>,
  ): Promise<Connection<In, Out>>
  /**
   * Accept connections at an address.
   *
   * @throws {@link IpcError} `IPC_ADDRESS_IN_USE`; `IPC_PERMISSION_DENIED`.
   * @throws TypeError for an address or option that cannot be right.
   */
  listen<In = unknown, Out = In>(
    address: Address,
    options?: ListenOptions<In, Out>,
  ): Promise<Listener<In, Out, Address>>
}

/**
 * The accepting side of a transport. Iterate it, or call {@link Listener.accept}.
 *
 * @example
 * ```ts
 * import type { Listener } from '@ipc/core'
 *
 * async function serveAll(listener: Listener<string>): Promise<void> {
 *   for await (const connection of listener) connection.send('welcome')
 * }
 * ```
 */
export interface Listener<In = unknown, Out = In, Address = string>
  extends AsyncIterable<Connection<In, Out>>,
    AsyncDisposable {
  /** Where peers connect to; with the port that the system chose. */
  readonly address: Address
  /**
   * The next connection, first come, first served; waits for it.
   *
   * @throws {@link IpcError} `IPC_CLOSED` once the listener is closed; `IPC_TIMEOUT`; `IPC_ABORTED`.
   */
  accept(options?: WaitOptions): Promise<Connection<In, Out>>
  /**
   * Stop listening and free the address. Accepted connections live on; those nobody accepted are aborted. Pending
   * `accept` calls reject with `IPC_CLOSED`. Further calls join the first.
   */
  close(): Promise<void>
  /** Let the listener keep the process alive (as it does from the start). */
  ref(): void
  /** Let the process exit although this listener is open. */
  unref(): void
}
