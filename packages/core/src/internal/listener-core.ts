import type { Connection, WaitOptions } from '../connection.js'
import { IpcError, isIpcError } from '../errors.js'
import type { Listener } from '../transport.js'
import { checkSize } from './limits.js'
import { Mailbox } from './mailbox.js'

/** Default of `backlog`. */
export const DEFAULT_BACKLOG = 128

/** What a transport supplies for one listener. */
export interface ListenerSource<Address> {
  readonly address: Address
  /** Take no more connections and free the address. */
  stop(): Promise<void>
  ref(): void
  unref(): void
}

/** A {@link Listener} that the transport feeds. */
export interface FedListener<In, Out, Address> extends Listener<In, Out, Address> {
  /** Whether there is room for one more connection. A transport that finds none refuses the peer. */
  readonly accepting: boolean
  /** Offer a connection that is open. */
  offer(connection: Connection<In, Out>): void
  /**
   * The way to this listener is gone for good (`error` says how): those that wait can still be accepted, then
   * `accept` rejects with `IPC_CLOSED`.
   */
  end(error: IpcError): void
}

/** Make the listener that a transport's `listen` returns. */
export function createListener<In, Out, Address>(
  source: ListenerSource<Address>,
  backlog: number = DEFAULT_BACKLOG,
): FedListener<In, Out, Address> {
  return new CoreListener(source, checkSize('backlog', backlog))
}

class CoreListener<In, Out, Address> implements FedListener<In, Out, Address> {
  readonly #source: ListenerSource<Address>
  readonly #backlog: number
  readonly #waiting = new Mailbox<Connection<In, Out>>('accept')
  #closing: Promise<void> | undefined

  constructor(source: ListenerSource<Address>, backlog: number) {
    this.#source = source
    this.#backlog = backlog
  }

  get address(): Address {
    return this.#source.address
  }

  get accepting(): boolean {
    return this.#closing === undefined && this.#waiting.length < this.#backlog
  }

  offer(connection: Connection<In, Out>): void {
    if (this.#closing !== undefined) connection.abort(new IpcError('IPC_CLOSED', 'listener is closed'))
    else this.#waiting.put(connection, 0)
  }

  end(cause: IpcError): void {
    this.#waiting.end(new IpcError('IPC_CLOSED', `nobody can connect any more: ${cause.message}`, { cause }))
  }

  accept(options?: WaitOptions): Promise<Connection<In, Out>> {
    return this.#waiting.take(options)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Connection<In, Out>, void, undefined> {
    while (true) {
      let connection: Connection<In, Out>
      try {
        connection = await this.accept()
      } catch (error) {
        if (isIpcError(error, 'IPC_CLOSED')) return
        throw error
      }
      yield connection
    }
  }

  close(): Promise<void> {
    if (this.#closing === undefined) {
      const closed = new IpcError('IPC_CLOSED', 'listener is closed')
      this.#closing = this.#source.stop()
      let connection = this.#waiting.tryTake()
      for (; connection !== undefined; connection = this.#waiting.tryTake()) connection.abort(closed)
      this.#waiting.end(closed)
    }
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  ref(): void {
    this.#source.ref()
  }

  unref(): void {
    this.#source.unref()
  }
}
