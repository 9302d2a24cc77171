import type { Connection } from '@ipc/core'

/** Where a session stands. */
export type SessionState = 'connected' | 'reconnecting' | 'ended'

/** A connection that survives its socket. */
export interface Session {
  readonly state: SessionState
  /** How often it went on over another socket. */
  readonly resumes: number
  /**
   * Be told of each change of `state`.
   *
   * @returns what ends this.
   */
  onState(listener: (state: SessionState) => void): () => void
}

const sessions = new WeakMap<Connection<never, never>, Session>()

/**
 * The session under a connection of this package: whether its socket is there at the moment. A connection with a session
 * stays open while it looks for its peer; `send` takes messages up to the limits meanwhile.
 *
 * @returns `undefined` when the connection has none: it ends with its socket.
 *
 * @example
 * ```ts
 * import { net, sessionOf } from '@ipc/net'
 *
 * const connection = await net().connect('tcp://127.0.0.1:7000')
 * sessionOf(connection)?.onState((state) => console.log(state)) // reconnecting, connected, ...
 * ```
 */
export function sessionOf<In, Out>(connection: Connection<In, Out>): Session | undefined {
  return sessions.get(connection as unknown as Connection<never, never>)
}

/** Make `session` the one under `connection`. */
export function setSession<In, Out>(connection: Connection<In, Out>, session: Session): void {
  sessions.set(connection as unknown as Connection<never, never>, session)
}

/** What a keeper reports a session's life to. */
export class SessionEvents implements Session {
  state: SessionState = 'connected'
  resumes = 0
  readonly #listeners = new Set<(state: SessionState) => void>()

  onState(listener: (state: SessionState) => void): () => void {
    if (typeof listener !== 'function') throw new TypeError(`expected a listener, got ${typeof listener}`)
    const own = (state: SessionState): void => listener(state)
    this.#listeners.add(own)
    return () => this.#listeners.delete(own)
  }

  become(state: SessionState): void {
    if (this.state === state || this.state === 'ended') return
    if (state === 'connected') this.resumes++
    this.state = state
    for (const listener of this.#listeners) {
      // What one throws is the application's uncaught exception, and disturbs nothing else.
      try {
        listener(state)
      } catch (error) {
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }
}
