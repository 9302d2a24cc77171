import type { IpcErrorJson } from '@ipc/core'

/** From an application's thread to the writer. */
export interface ToWriter {
  /** A batch of commands; empty for none. */
  readonly bytes: Uint8Array
  /** Whether {@link FromWriter.handled} is to follow, since no command of it has an answer. */
  readonly confirm: boolean
  /** Nothing comes after this: everything is closed before its answers go out. */
  readonly last: boolean
}

/** From the writer to an application's thread. */
export interface FromWriter {
  /** A batch of events. */
  readonly bytes?: Uint8Array
  /** So many batches without an answer are done with. */
  readonly handled?: number
  /** There will be no more: everything has ended with this. */
  readonly error?: IpcErrorJson
}
