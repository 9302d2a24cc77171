import { setTimeout as delay } from 'node:timers/promises'
import { createPeers, describeTransport, startProcess, type TransportHarness } from '@ipc/conformance'
import { type Connection, type ConnectionOptions, isIpcError, type Transport } from '@ipc/core'
import { net } from '@ipc/net'
import { afterAll } from 'vitest'
import type { PeerRole } from './fixtures/peer.js'
import { temporaryDirectory } from './fixtures/temporary-directory.js'

/** With connections that end with their sockets: the death of a peer is noticed at once. */
const ends = net({ resume: false })
/** With connections that survive their sockets, as is the default of TCP. */
const surviving = net({ resume: true })
const { directory, remove } = temporaryDirectory()
let sockets = 0
const freshSocket = (): string => `unix:${directory}/${sockets++}`
const anyPort = (): string => 'tcp://127.0.0.1:0'

afterAll(remove)

describeTransport(accepting('net (TCP)', anyPort, freePort))
describeTransport({ ...accepting('net (TCP, sessions)', anyPort, freePort, surviving), canKill: false })
if (process.platform !== 'win32') {
  describeTransport(accepting('net (Unix)', freshSocket, freshSocket))
  describeTransport(dialing('net (Unix, dialing)'))
}

/** This side listens, the other process connects. */
function accepting(
  name: string,
  listenAddress: () => string,
  unusedAddress: () => string | Promise<string>,
  transport: Transport<string> = ends,
): TransportHarness {
  const peers = startPeers()
  return {
    name,
    capabilities: transport.capabilities,
    canKill: true,
    async open({ local, remote: options } = {}) {
      const listener = await transport.listen(listenAddress(), local as ConnectionOptions)
      const host = await peers.take()
      const role: PeerRole = { connect: listener.address, resume: transport === surviving }
      const [connection, remote] = await Promise.all([listener.accept(), host.open(role, options)])
      await listener.close()
      return { local: connection, remote, dispose: async () => connection.abort() }
    },
    endpoint: async () => ({ transport, address: unusedAddress }),
    dispose: () => peers.dispose(),
  }
}

/** This side connects, the other process listens. */
function dialing(name: string): TransportHarness {
  const peers = startPeers()
  return {
    name,
    capabilities: ends.capabilities,
    canKill: true,
    async open({ local, remote: options } = {}) {
      const role: PeerRole = { accept: freshSocket() }
      const host = await peers.take()
      const [connection, remote] = await Promise.all([
        connectOnceThere(role.accept, local as ConnectionOptions),
        host.open(role, options),
      ])
      return { local: connection, remote, dispose: async () => connection.abort() }
    },
    dispose: () => peers.dispose(),
  }
}

function startPeers(): ReturnType<typeof createPeers> {
  return createPeers(() => startProcess(new URL('./fixtures/peer.ts', import.meta.url)))
}

async function connectOnceThere(
  address: string,
  options: ConnectionOptions | undefined,
): Promise<Connection> {
  while (true) {
    try {
      return await ends.connect(address, options)
    } catch (error) {
      if (!isIpcError(error, 'IPC_CONNECT_FAILED')) throw error
      await delay(5)
    }
  }
}

/** A port that was free a moment ago. */
async function freePort(): Promise<string> {
  const listener = await ends.listen('tcp://127.0.0.1:0')
  await listener.close()
  return listener.address
}
