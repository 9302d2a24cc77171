import { IpcError } from '@ipc/core'
import { startTimer } from '@ipc/core/internal'
import { type NatsConnection, PermissionViolationError } from '@nats-io/transport-node'

/** Who has to know how a connection does. */
export interface ConnectionListener {
  /** What was under way may have arrived or not. */
  disconnected(): void
  reconnected(): void
  /** The server does not let this user publish there, or listen. */
  denied(subject: string): void
  /** For good. */
  ended(error: IpcError): void
}

const watches = new WeakMap<NatsConnection, ConnectionWatch>()

/** The watch of a connection: one for all queues on it, because nobody can stop listening to its status. */
export function watchOf(connection: NatsConnection): ConnectionWatch {
  let watch = watches.get(connection)
  if (watch === undefined) {
    watch = new ConnectionWatch(connection)
    watches.set(connection, watch)
  }
  return watch
}

/** Tells how a connection does. */
export class ConnectionWatch {
  #isConnected = true
  #ended: IpcError | undefined
  readonly #listeners = new Set<ConnectionListener>()

  constructor(connection: NatsConnection) {
    void this.#follow(connection)
    // Not before it is known that the connection was lost, if it was.
    void connection.closed().then((error) => setImmediate(() => this.#end(error ?? undefined)))
  }

  get isConnected(): boolean {
    return this.#isConnected && this.#ended === undefined
  }

  /** Why there is no connection any more. */
  get ended(): IpcError | undefined {
    return this.#ended
  }

  /** Resolves to whether there is a connection, after no longer than that. */
  connectedWithin(ms: number): Promise<boolean> {
    if (this.#isConnected || this.#ended !== undefined || ms <= 0) return Promise.resolve(this.isConnected)
    return new Promise((resolve) => {
      const done = (): void => {
        stopTimer()
        this.#listeners.delete(listener)
        resolve(this.isConnected)
      }
      const listener = { disconnected() {}, denied() {}, reconnected: done, ended: done }
      const stopTimer = startTimer(ms, done)
      this.#listeners.add(listener)
    })
  }

  /** What comes of a question; nothing when the connection is cut meanwhile, or the time of the question is over. */
  unlessCut<R>(question: Promise<R>): Promise<R | undefined> {
    return new Promise((resolve, reject) => {
      const done = (): void => {
        this.#listeners.delete(listener)
        resolve(undefined)
      }
      const listener = { disconnected: done, denied() {}, reconnected() {}, ended: done }
      this.#listeners.add(listener)
      question.then(
        (answer) => {
          resolve(answer)
          done()
        },
        (error: unknown) => {
          reject(error)
          done()
        },
      )
    })
  }

  add(listener: ConnectionListener): void {
    this.#listeners.add(listener)
  }

  remove(listener: ConnectionListener): void {
    this.#listeners.delete(listener)
  }

  async #follow(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      if (status.type === 'disconnect') this.#change(false)
      else if (status.type === 'reconnect') this.#change(true)
      else if (status.type === 'error' && status.error instanceof PermissionViolationError) {
        for (const listener of [...this.#listeners]) listener.denied(status.error.subject)
      }
    }
  }

  #change(isConnected: boolean): void {
    if (this.#isConnected === isConnected) return
    this.#isConnected = isConnected
    for (const listener of [...this.#listeners]) {
      if (isConnected) listener.reconnected()
      else listener.disconnected()
    }
  }

  #end(error: Error | undefined): void {
    const isLost = error !== undefined || !this.#isConnected
    const reason = error === undefined ? 'it does not reconnect' : error.message
    this.#ended = isLost
      ? new IpcError('IPC_PEER_LOST', `the NATS server is out of reach (${reason}): connect again`, {
          cause: error,
        })
      : new IpcError('IPC_CLOSED', 'the connection to the NATS server was closed')
    const listeners = [...this.#listeners]
    this.#listeners.clear()
    for (const listener of listeners) listener.ended(this.#ended)
  }
}
