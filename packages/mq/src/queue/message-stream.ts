import type { Delivery, IpcError } from '@ipc/core'

/** Messages as they come, in whatever form their store gives them. */
export interface MessageStream<Message> {
  /** Why nothing more comes; `undefined` while it may. */
  readonly ended: IpcError | undefined
  /** Whether there is something to take. */
  readonly hasMore: boolean
  /** The next message, if it is there. */
  take(): Message | undefined
  /** Take no more. */
  end(why: IpcError): void
}

/** A delivery as whoever hands it to the application sees it. */
export interface HandledDelivery<T> extends Delivery<T> {
  /** Whether it has been settled, or its lease is over. */
  readonly isOver: boolean
  /** Whether the lease ended by itself. */
  readonly isLost: boolean
  /** Settle without hearing of it. */
  settleQuietly(action: 'ack' | 'retry'): void
}

/** What a message of a stream makes: nothing when it cannot be decoded, or is somebody else's by now. */
export type Begun<T> = HandledDelivery<T> | undefined | Promise<HandledDelivery<T> | undefined>
