import { IpcError, type Listener, type ListenOptions } from '@ipc/core'
import { abortedError, createListener, DEFAULT_BACKLOG, type FedListener } from '@ipc/core/internal'
import type { Envelope, Greeting } from './envelope.js'
import { meet, openConnection, type Side } from './greeting.js'
import type { Lane, PortHub, PortUse } from './port-hub.js'

/**
 * Accept connections that the other end of a port asks for.
 *
 * @throws IpcError `IPC_ABORTED`, `IPC_ADDRESS_IN_USE`.
 */
export function listenAt<In, Out, Address>(
  hub: PortHub,
  address: Address,
  side: Side<In, Out>,
  { signal, backlog = DEFAULT_BACKLOG }: ListenOptions<In, Out>,
): Listener<In, Out, Address> {
  if (signal?.aborted) throw abortedError('listen', signal.reason)
  const accepting = new Accepting(hub, side, backlog)
  const listener = createListener<In, Out, Address>(
    {
      address,
      stop: () => accepting.stop(),
      ref: () => accepting.use?.ref(),
      unref: () => accepting.use?.unref(),
    },
    backlog,
  )
  if (hub.listened)
    throw new IpcError('IPC_ADDRESS_IN_USE', 'somebody listens at this end of the port already')
  accepting.start(listener)
  return listener
}

class Accepting<In, Out> {
  use: PortUse | undefined
  readonly #hub: PortHub
  readonly #side: Side<In, Out>
  readonly #backlog: number
  /** Welcomed, and not ready yet. */
  readonly #greeted = new Set<Lane>()

  constructor(hub: PortHub, side: Side<In, Out>, backlog: number) {
    this.#hub = hub
    this.#side = side
    this.#backlog = backlog
  }

  start(listener: FedListener<In, Out, unknown>): void {
    const end = (error: IpcError): void => {
      this.use?.release()
      listener.end(error)
    }
    if (this.#hub.lost !== undefined) {
      end(this.#hub.lost)
      return
    }
    this.use = this.#hub.listen({
      hello: (envelope) => this.#hello(envelope, listener),
      lost: end,
    })
  }

  async stop(): Promise<void> {
    // They have been welcomed: for the other side they are open.
    const error = new IpcError('IPC_CLOSED', 'listener is closed')
    for (const lane of this.#greeted) turnAway(lane, 'abort', error)
    this.#greeted.clear()
    this.use?.release()
  }

  #hello(envelope: Envelope, listener: FedListener<In, Out, unknown>): void {
    const lane = this.#hub.open(envelope[2], {
      envelope: ([, kind]) => {
        if (kind === 'hello') return
        this.#greeted.delete(lane)
        if (kind === 'ready') listener.offer(openConnection(lane, this.#side, greeting))
        else lane.release()
      },
      lost: () => {
        this.#greeted.delete(lane)
        lane.release()
      },
    })
    let greeting: Greeting
    try {
      greeting = meet(this.#side.greeting, envelope)
      if (!listener.accepting || this.#greeted.size >= this.#backlog) {
        throw new IpcError('IPC_CONNECT_FAILED', `${this.#backlog} connections wait to be accepted already`)
      }
    } catch (error) {
      turnAway(lane, 'refuse', error as IpcError)
      return
    }
    this.#greeted.add(lane)
    lane.post('welcome', [this.#side.greeting])
  }
}

function turnAway(lane: Lane, kind: 'refuse' | 'abort', error: IpcError): void {
  lane.post(kind, [error.toJSON()])
  lane.release()
}
