import type { Connection, IpcError } from '@ipc/core'

/**
 * What the workload needs of a connection. Node's own `postMessage` and `process.send` have far less than
 * a `Connection`; their adapters implement just this.
 */
export interface Link<T = unknown>
  extends Pick<Connection<T>, 'send' | 'drained' | 'onMessage' | 'close' | 'abort'> {
  /** Resolves when the link has ended; with an error unless it was closed gracefully. */
  readonly closed: Promise<{ readonly error: IpcError | undefined }>
}
