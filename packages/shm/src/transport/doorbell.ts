import type { IpcError } from '@ipc/core'

/** What a {@link Doorbell} tells the side that waits on it. */
export interface DoorbellEvents {
  /** The peer rang: look at the memory. */
  rung(): void
  /** The peer is gone, or has aborted: nothing more will be written to the memory. */
  gone(error: IpcError): void
}

/**
 * The way one side of a connection wakes the other out of its event loop, and learns of its end. Shared memory
 * alone can do neither.
 */
export interface Doorbell {
  /** Begin to report, to `events` and nobody before. */
  start(events: DoorbellEvents): void
  /** The event loop is about to sleep: from now on a ring must wake it. Look at the memory after this. */
  arm(): void
  /** Wake the peer, once for all that it has not looked at yet. */
  ring(): void
  /** Tell the peer that this side is over, in disorder when `abort` is true, and report nothing more. */
  close(abort: boolean): void
  ref(): void
  unref(): void
}
