import { Socket } from 'node:net'
import type { Endpoint } from './endpoint.js'
import { Flow } from './flow.js'
import type { Piece } from './piece.js'
import { resetSocket } from './reset-socket.js'
import type { Toxics } from './toxic.js'

/** `up` is from the dialer to the listener. */
export type Direction = 'up' | 'down'

/** A connection through the proxy. */
export interface ProxiedConnection {
  /** Counts the proxy's connections in the order in which they were accepted, from 1. */
  readonly id: number
  /** Passed on to the listener. */
  readonly bytesUp: number
  /** Passed on to the dialer. */
  readonly bytesDown: number
  /** Resolves when both sides are gone; never rejects. */
  readonly closed: Promise<void>
  /** RST to both sides. What was on its way is lost. */
  reset(): void
  /** FIN to both sides. What was on its way is lost. */
  close(): void
  /**
   * From now on nothing passes in either direction, no byte, no FIN, no RST, and nothing is closed, as if the cable was
   * pulled. What the system has taken already still arrives. A dialer whose listener was not connected to yet waits.
   */
  pause(): void
  /** What waited passes on. */
  resume(): void
}

/** What a {@link ProxyConnection} needs. */
export interface ProxyConnectionInit {
  readonly id: number
  readonly dialer: Socket
  readonly upstream: Endpoint
  readonly toxics: Toxics
  readonly seed: number
  readonly paused: boolean
  /** Told what is passed on. */
  readonly passed: (connection: number, direction: Direction, piece: Piece) => void
}

/** What a {@link ProxiedConnection} is to the proxy. */
export class ProxyConnection implements ProxiedConnection {
  readonly id: number
  readonly closed: Promise<void>
  /** Nothing passes any more; its sockets may need a moment. */
  over = false
  readonly #dialer: Socket
  readonly #listener = newSocket()
  readonly #copy: Socket | undefined
  readonly #upstream: Endpoint
  readonly #up: Flow
  readonly #down: Flow
  #dialed = false

  constructor(init: ProxyConnectionInit) {
    const { id, dialer, upstream, toxics, paused } = init
    const listener = this.#listener
    const duplicated = toxics.connection?.some(({ name }) => name === 'duplicateConnection') === true
    this.id = id
    this.#dialer = dialer
    this.#upstream = upstream
    this.#copy = duplicated ? newSocket() : undefined
    // Before anything reads, because errors of a socket come to its flow.
    this.closed = this.#whenClosed()
    const copies = this.#copy === undefined ? [] : [this.#copy]
    this.#up = this.#flow('up', init, dialer, [listener, ...copies])
    this.#down = this.#flow('down', init, listener, [dialer])
    dialer.on('error', () => this.#up.sourceBroke())
    listener.on('error', () => this.#down.sourceBroke())
    // What comes back over the copy is read, and so its end is.
    this.#copy?.on('error', () => {}).resume()
    if (!paused) this.#dial()
  }

  get bytesUp(): number {
    return this.#up.bytes
  }

  get bytesDown(): number {
    return this.#down.bytes
  }

  setToxics({ up = [], down = [] }: Toxics): void {
    this.#up.setToxics(up)
    this.#down.setToxics(down)
  }

  reset(): void {
    this.#stop()
    for (const socket of this.#sockets) resetSocket(socket)
  }

  close(): void {
    this.#stop()
    for (const socket of this.#sockets) {
      if (socket.pending) socket.destroy()
      else socket.destroySoon()
    }
  }

  /** No socket and no timer of it is left when `closed` has resolved, and nobody has to read for that. */
  destroy(): void {
    this.#stop()
    for (const socket of this.#sockets) socket.destroy()
  }

  pause(): void {
    this.#up.pause()
    this.#down.pause()
  }

  resume(): void {
    this.#dial()
    this.#up.resume()
    this.#down.resume()
  }

  get #sockets(): Socket[] {
    const both = [this.#dialer, this.#listener]
    return this.#copy === undefined ? both : [...both, this.#copy]
  }

  #flow(direction: Direction, init: ProxyConnectionInit, source: Socket, sinks: [Socket, ...Socket[]]): Flow {
    const { id, seed, toxics, paused } = init
    return new Flow({
      source,
      sinks,
      key: [seed, id, direction === 'up' ? 0 : 1],
      toxics: toxics[direction] ?? [],
      paused,
      passed: (piece) => init.passed(id, direction, piece),
      reset: () => this.reset(),
      // As a host that is there without the connection: whoever sends to it is told that it is gone.
      bounced: () => (direction === 'up' ? this.#down : this.#up).sourceBroke(),
    })
  }

  #dial(): void {
    if (this.#dialed) return
    this.#dialed = true
    for (const socket of [this.#listener, this.#copy]) {
      if (socket !== undefined && !socket.destroyed) socket.connect({ ...this.#upstream, noDelay: true })
    }
  }

  #stop(): void {
    this.over = true
    this.#up.stop()
    this.#down.stop()
  }

  async #whenClosed(): Promise<void> {
    await Promise.all([gone(this.#dialer), gone(this.#listener)])
    this.#stop()
    if (this.#copy === undefined || this.#copy.closed) return
    const copyGone = gone(this.#copy)
    this.#copy.destroy()
    await copyGone
  }
}

function newSocket(): Socket {
  return new Socket({ allowHalfOpen: true })
}

async function gone(socket: Socket): Promise<void> {
  // Not by `once` of node:events, which rejects at an error.
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve))
}
