import type { Connection, ConnectionOptions, Transport } from '@ipc/core'
import { connectionOptions, connectMemory, localRemote, memory, type TransportHarness } from '../src/index.js'
import type { MakeMemoryLink } from '../src/memory-transport.js'

/** What a variant of the memory transport changes. */
export interface MemoryChanges {
  readonly makeLink?: MakeMemoryLink
  readonly options?: (options: ConnectionOptions) => ConnectionOptions
  readonly connection?: (connection: Connection) => Connection
  readonly transport?: (transport: Transport) => Transport
}

/** The reference transport as a harness, both ends in this process. */
export function memoryHarness(
  name: string,
  { makeLink, options = same, connection = same, transport = same }: MemoryChanges = {},
): TransportHarness {
  let addresses = 0
  return {
    name,
    capabilities: transport(memory()).capabilities,
    canKill: true,
    async open(pair = {}) {
      const { local, remote, killRemote } = connectMemory(
        options(pair.local ?? {}),
        options(connectionOptions(pair.remote)),
        makeLink,
      )
      return {
        local: connection(local),
        remote: { ...localRemote(connection(remote)), kill: async () => killRemote() },
        async dispose() {
          local.abort()
          remote.abort()
        },
      }
    },
    async endpoint() {
      return { transport: transport(memory()), address: () => `address-${++addresses}` }
    },
  }
}

function same<T>(value: T): T {
  return value
}
