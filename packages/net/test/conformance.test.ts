import { setTimeout as delay } from 'node:timers/promises'
import { createPeers, describeTransport, startProcess, type TransportHarness } from '@ipc/conformance'
import { type Connection, type ConnectionOptions, isIpcError, type Transport } from '@ipc/core'
import { type NetOptions, net } from '@ipc/net'
import { afterAll } from 'vitest'
import { createAuthority } from './fixtures/certificates.js'
import type { PeerRole } from './fixtures/peer.js'
import { SECRET } from './fixtures/secret.js'
import { temporaryDirectory } from './fixtures/temporary-directory.js'

/** Options of `net()` of this side and of the other one. */
interface Sides {
  readonly here?: NetOptions
  readonly there?: NetOptions
}

const { capabilities } = net()
const { directory, remove } = temporaryDirectory()
let sockets = 0
const freshSocket = (): string => `unix:${directory}/${sockets++}`
const anyPort = (): string => 'tcp://127.0.0.1:0'
const anySecurePort = (): string => 'tls://127.0.0.1:0'
const secret: Sides = { here: { secret: SECRET }, there: { secret: SECRET } }
const { ca, issue } = await createAuthority()
const [ours, theirs] = await Promise.all([issue({ name: 'CN=here' }), issue({ name: 'CN=there' })])
const certificates: Sides = { here: { tls: ours }, there: { tls: { ca } } }
const mutual: Sides = {
  here: { tls: { ...ours, ca, requireClientCertificate: true } },
  there: { tls: { ...theirs, ca } },
}

afterAll(remove)

describeTransport(accepting('net (TCP)', anyPort, () => freePort('tcp')))
describeTransport(accepting('net (TLS by a secret)', anySecurePort, () => freePort('tls'), secret))
describeTransport(accepting('net (TLS by certificates)', anySecurePort, () => freePort('tls'), certificates))
describeTransport(accepting('net (mutual TLS)', anySecurePort, () => freePort('tls'), mutual))
describeTransport(dialing('net (TLS by a secret, dialing)', () => freePort('tls'), secret))
if (process.platform !== 'win32') {
  describeTransport(accepting('net (Unix)', freshSocket, freshSocket))
  describeTransport(dialing('net (Unix, dialing)', freshSocket))
}

/** This side listens, the other process connects. */
function accepting(
  name: string,
  listenAddress: () => string,
  unusedAddress: () => string | Promise<string>,
  { here, there }: Sides = {},
): TransportHarness {
  const transport = net(here)
  const peers = startPeers()
  return {
    name,
    capabilities,
    canKill: true,
    async open({ local, remote: options } = {}) {
      const listener = await transport.listen(listenAddress(), local as ConnectionOptions)
      const host = await peers.take()
      const role: PeerRole = { connect: listener.address, net: there }
      const [connection, remote] = await Promise.all([listener.accept(), host.open(role, options)])
      await listener.close()
      return { local: connection, remote, dispose: async () => connection.abort() }
    },
    // Both sides of it are one transport: it has to be able to dial itself.
    endpoint: async () => ({
      transport: here?.tls === undefined ? transport : net({ tls: { ...ours, ca } }),
      address: unusedAddress,
    }),
    dispose: () => peers.dispose(),
  }
}

/** This side connects, the other process listens. */
function dialing(
  name: string,
  freshAddress: () => string | Promise<string>,
  { here, there }: Sides = {},
): TransportHarness {
  const transport = net(here)
  const peers = startPeers()
  return {
    name,
    capabilities,
    canKill: true,
    async open({ local, remote: options } = {}) {
      const accept = await freshAddress()
      const role: PeerRole = { accept, net: there }
      const host = await peers.take()
      const [connection, remote] = await Promise.all([
        connectOnceThere(transport, accept, local as ConnectionOptions),
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
  transport: Transport,
  address: string,
  options: ConnectionOptions | undefined,
): Promise<Connection> {
  while (true) {
    try {
      return await transport.connect(address, options)
    } catch (error) {
      if (!isIpcError(error, 'IPC_CONNECT_FAILED')) throw error
      await delay(5)
    }
  }
}

/** A port that was free a moment ago. */
async function freePort(scheme: 'tcp' | 'tls'): Promise<string> {
  const listener = await net().listen('tcp://127.0.0.1:0')
  await listener.close()
  return listener.address.replace('tcp', scheme)
}
