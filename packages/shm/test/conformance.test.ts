import {
  createPeers,
  describeTransport,
  startProcess,
  startWorker,
  type TransportHarness,
} from '@ipc/conformance'
import type { ConnectionOptions } from '@ipc/core'
import { createRegion, fromBuffer, shm } from '@ipc/shm'
import { temporaryDirectory } from './fixtures/temporary-directory.js'

const RING_BYTES = 2 ** 16
let names = 0

describeTransport(processes())
describeTransport(threads())

function processes(): TransportHarness {
  const { directory, remove } = temporaryDirectory()
  const transport = shm({ directory, ringBytes: RING_BYTES })
  const peers = createPeers(() => startProcess(new URL('./fixtures/process-peer.ts', import.meta.url)))
  return {
    name: 'shm (processes)',
    capabilities: transport.capabilities,
    canKill: true,
    async open({ local, remote: options } = {}) {
      const name = `pair-${names++}`
      const listener = await transport.listen(name, local as ConnectionOptions)
      const host = await peers.take()
      const [connection, remote] = await Promise.all([
        listener.accept(),
        host.open({ directory, name }, options),
      ])
      await listener.close()
      return {
        local: connection,
        remote,
        async dispose() {
          connection.abort()
          await remote.abort().catch(() => {})
        },
      }
    },
    async endpoint() {
      return { transport, address: () => `endpoint-${names++}` }
    },
    async dispose() {
      await peers.dispose()
      remove()
    },
  }
}

function threads(): TransportHarness {
  const peers = createPeers(() => startWorker(new URL('./fixtures/thread-peer.ts', import.meta.url)))
  return {
    name: 'shm (threads)',
    capabilities: { ...shm().capabilities, reach: 'thread', manyConnections: false },
    canKill: true,
    async open({ local, remote: options } = {}) {
      const host = await peers.take()
      const buffer = createRegion(2 * RING_BYTES + 4096).buffer as SharedArrayBuffer
      const [connection, remote] = await Promise.all([
        fromBuffer(buffer, { ...(local as ConnectionOptions), peer: host.program.worker }),
        host.open(buffer, options),
      ])
      return {
        local: connection,
        remote,
        async dispose() {
          connection.abort()
          await remote.abort().catch(() => {})
        },
      }
    },
    dispose: () => peers.dispose(),
  }
}
