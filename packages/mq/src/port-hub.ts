import { IpcError } from '@ipc/core'
import { type Envelope, type EnvelopeKind, isEnvelope, MARK } from './envelope.js'
import type { PortLike } from './port.js'

/** Whoever gets the envelopes of one connection, or of one that is being set up. Nothing here throws. */
export interface LaneReceiver {
  envelope(envelope: Envelope): void
  /** A listener has appeared at the other end. */
  listening?(): void
  /** The port is lost, or its messages are. */
  lost(error: IpcError): void
}

/** Whoever answers those that ask for a connection. */
export interface HelloReceiver {
  hello(envelope: Envelope): void
  lost(error: IpcError): void
}

/** A user of a port, counted for its `ref` and `unref`. */
export interface PortUse {
  ref(): void
  unref(): void
  /** Give the port back. Calling it again does nothing. */
  release(): void
}

/** The share of one connection in a port. */
export interface Lane extends PortUse {
  readonly port: PortLike
  /** Have what comes in from now on go to `receiver`. */
  handTo(receiver: LaneReceiver): void
  /**
   * @throws what the port throws for what it cannot serialize.
   */
  post(
    kind: EnvelopeKind,
    payload: readonly unknown[],
    transfer?: readonly object[],
    written?: () => void,
  ): void
}

const hubs = new WeakMap<object, PortHub>()

/** The hub of the port at `target`: one for all connections there. */
export function hubAt(target: object, portOf: (target: unknown) => PortLike): PortHub {
  const port = portOf(target)
  const known = hubs.get(target)
  if (known !== undefined) return known
  const hub = new PortHub(port)
  hubs.set(target, hub)
  return hub
}

/** Shares one port among connections and a listener; holds on to it only while it has any. */
export class PortHub {
  readonly port: PortLike
  readonly #lanes = new Map<number, LaneReceiver>()
  #listener: HelloReceiver | undefined
  #users = 0
  #refs = 0
  #lost: IpcError | undefined

  constructor(port: PortLike) {
    this.port = port
  }

  /** Whether somebody listens here. */
  get listened(): boolean {
    return this.#listener !== undefined
  }

  /** Why the port is of no use any more. */
  get lost(): IpcError | undefined {
    return this.#lost
  }

  /** Begin to use the port for the connection `id`. */
  open(id: number, receiver: LaneReceiver): Lane {
    const lanes = this.#lanes
    const use = this.#use(() => lanes.delete(id))
    lanes.set(id, receiver)
    return {
      ...use,
      port: this.port,
      handTo: (next) => {
        lanes.set(id, next)
      },
      post: (kind, payload, transfer, written) => {
        if (this.#lost === undefined) this.port.post([MARK, kind, id, ...payload], transfer, written)
      },
    }
  }

  /** Begin to answer; there is one listener at a time. */
  listen(listener: HelloReceiver): PortUse {
    this.#listener = listener
    const use = this.#use(() => {
      this.#listener = undefined
    })
    // A hello may have come when only the application listened here, and have been lost on it.
    if (this.#lost === undefined) this.port.post([MARK, 'listening', 0], undefined)
    return use
  }

  #use(onRelease: () => void): PortUse {
    let held = true
    let released = false
    this.#users++
    this.#refs++
    // An attached port holds the process by itself.
    if (this.#users === 1) this.#attach()
    else if (this.#refs === 1) this.port.ref()
    const hold = (on: boolean): void => {
      if (held === on || released) return
      held = on
      this.#refs += on ? 1 : -1
      if (on && this.#refs === 1) this.port.ref()
      if (!on && this.#refs === 0) this.port.unref()
    }
    return {
      ref: () => hold(true),
      unref: () => hold(false),
      release: () => {
        if (released) return
        onRelease()
        this.#users--
        if (this.#users === 0) {
          this.#refs = 0
          this.port.detach()
        } else {
          hold(false)
        }
        released = true
      },
    }
  }

  #attach(): void {
    this.port.attach({
      message: (message) => {
        if (isEnvelope(message)) this.#route(message)
      },
      garbled: (cause) => {
        const error = new IpcError(
          'IPC_PROTOCOL',
          'a message on the port could not be deserialized and may have been of this connection',
          { cause },
        )
        for (const receiver of [...this.#lanes.values()]) receiver.lost(error)
      },
      lost: (error) => {
        if (this.#lost !== undefined) return
        this.#lost = error
        for (const receiver of [...this.#lanes.values()]) receiver.lost(error)
        this.#listener?.lost(error)
      },
    })
  }

  #route(envelope: Envelope): void {
    const [, kind, id] = envelope
    const receiver = this.#lanes.get(id)
    if (receiver !== undefined) receiver.envelope(envelope)
    else if (kind === 'hello') this.#listener?.hello(envelope)
    else if (kind === 'listening') for (const waiting of [...this.#lanes.values()]) waiting.listening?.()
    else if (kind === 'welcome') this.#decline(id)
  }

  /** Whoever asked has given up since. */
  #decline(id: number): void {
    const error = new IpcError('IPC_ABORTED', 'connect was given up before it was answered')
    this.port.post([MARK, 'abort', id, error.toJSON()], undefined)
  }
}
