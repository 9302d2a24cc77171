import { type Connection, isIpcError } from '@ipc/core'
import { Fifo } from '@ipc/core/internal'
import type { EncodedBatch } from './batches.js'

/** Messages on a connection that carry batches: commands one way, events the other. */
export type BatchKind = 'queue-commands' | 'queue-events'

/** A batch as a message of a connection. */
export interface BatchMessage {
  readonly ipc: BatchKind
  readonly bytes: Uint8Array
}

/** Whether a message that came in is a batch of that kind. */
export function isBatchMessage(message: unknown, kind: BatchKind): message is BatchMessage {
  if (typeof message !== 'object' || message === null) return false
  const { ipc, bytes } = message as Partial<BatchMessage>
  return ipc === kind && bytes instanceof Uint8Array
}

/** Sends batches over a connection, in order, as fast as it takes them. */
export class BatchSender<T> {
  readonly #connection: Connection<unknown, unknown>
  readonly #kind: BatchKind
  readonly #onRefused: (items: readonly T[], error: unknown) => void
  readonly #waiting = new Fifo<EncodedBatch<T>>()
  #isCongested = false
  #onFlowing: (() => void)[] = []

  /** @param onRefused - Told of items that the connection does not carry. */
  constructor(
    connection: Connection<unknown, unknown>,
    kind: BatchKind,
    onRefused: (items: readonly T[], error: unknown) => void,
  ) {
    this.#connection = connection
    this.#kind = kind
    this.#onRefused = onRefused
  }

  /** Whether the peer does not keep up. */
  get isCongested(): boolean {
    return this.#isCongested
  }

  send(batch: EncodedBatch<T>): void {
    if (this.#isCongested) this.#waiting.push(batch)
    else this.#send(batch)
  }

  /** Call once when everything is on its way, or the connection has ended. */
  whenFlowing(listener: () => void): void {
    this.#onFlowing.push(listener)
  }

  #send(batch: EncodedBatch<T>): void {
    const { status } = this.#connection
    if (status !== 'open') return
    try {
      if (!this.#connection.send({ ipc: this.#kind, bytes: batch.bytes })) this.#hold()
    } catch (error) {
      if (isIpcError(error, 'IPC_QUEUE_FULL')) {
        // Somebody else has filled the connection.
        this.#waiting.push(batch)
        this.#hold()
      } else this.#onRefused(batch.items, error)
    }
  }

  #hold(): void {
    this.#isCongested = true
    const goOn = (): void => {
      this.#isCongested = false
      for (let left = this.#waiting.length; left > 0 && !this.#isCongested; left--) {
        this.#send(this.#waiting.shift() as EncodedBatch<T>)
      }
      if (this.#isCongested) return
      const listeners = this.#onFlowing
      this.#onFlowing = []
      for (const listener of listeners) listener()
    }
    this.#connection.drained().then(goOn, goOn)
  }
}
