import type { ConnectionOptions } from '@ipc/core'
import { connectionOptions, connectMemory, localRemote, type TransportHarness } from '../src/index.js'
import { type MakeMemoryLink, memory } from '../src/memory-transport.js'

/** What a faulty variant changes. */
export interface MemoryFault {
  readonly makeLink?: MakeMemoryLink
  readonly options?: (options: ConnectionOptions) => ConnectionOptions
}

/** The reference transport as a harness, both ends in this process. */
export function memoryHarness(
  name: string,
  { makeLink, options: change = (options) => options }: MemoryFault = {},
): TransportHarness {
  return {
    name,
    capabilities: memory().capabilities,
    canKill: true,
    async open({ local: localOptions = {}, remote: remoteOptions } = {}) {
      const { local, remote, killRemote } = connectMemory(
        change(localOptions),
        change(connectionOptions(remoteOptions) as ConnectionOptions),
        makeLink,
      )
      return {
        local,
        remote: { ...localRemote(remote), kill: async () => killRemote() },
        async dispose() {
          local.abort()
          remote.abort()
        },
      }
    },
    async endpoint() {
      const transport = memory()
      let count = 0
      return { transport, address: () => `address-${++count}` }
    },
  }
}
