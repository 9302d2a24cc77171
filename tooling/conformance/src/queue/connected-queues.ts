import type { Connection, MessageQueue } from '@ipc/core'
import type { OtherClient, QueueHarness, QueueSetup } from './queue-harness.js'

/** A connection to the host of queues, and how to end it without a word. */
export interface HostConnection {
  readonly connection: Connection<never, never> | Connection<unknown, unknown>
  cut(): Promise<void>
}

/** What {@link connectedQueues} needs. */
export interface ConnectedInit {
  readonly name: string
  readonly capabilities: QueueHarness['capabilities']
  /** A connection of its own to the host of all tests. */
  connect(): Promise<HostConnection>
  /** Open a queue over a connection, made with `setup` when it is not there. */
  openQueue(
    connection: HostConnection['connection'],
    name: string,
    setup: QueueSetup,
  ): Promise<MessageQueue<unknown>>
  /** A host that a test may kill. */
  mortal?(): Promise<HostConnection & { kill(): Promise<void> }>
  dispose?(): Promise<void>
}

/** The harness of queues that are reached over connections: one host for all tests, with queues for each. */
export function connectedQueues(init: ConnectedInit): QueueHarness {
  let tests = 0
  const { name, capabilities, openQueue, mortal } = init
  return {
    name,
    capabilities,
    async open(setup = {}) {
      const test = ++tests
      const opened: HostConnection[] = []
      const connect = async (): Promise<HostConnection> => {
        const host = await init.connect()
        opened.push(host)
        return host
      }
      const { connection } = await connect()
      return {
        queue: await openQueue(connection, `queue-${test}`, setup),
        async another(): Promise<OtherClient> {
          const other = await connect()
          return { queue: await openQueue(other.connection, `queue-${test}`, {}), kill: () => other.cut() }
        },
        sibling: (other = {}) => openQueue(connection, `sibling-${test}`, other),
        async dispose() {
          for (const { connection: each } of opened) each.abort()
        },
      }
    },
    ...(mortal === undefined
      ? {}
      : {
          async mortal() {
            const { connection, kill } = await mortal()
            return { queue: await openQueue(connection, 'queue', {}), kill }
          },
        }),
    ...(init.dispose === undefined ? {} : { dispose: () => init.dispose!() }),
  }
}
