import type { Socket } from 'node:net'
import {
  type Codec,
  type Connection,
  IPC_ERROR_CODES,
  IpcError,
  type IpcErrorCode,
  isIpcError,
} from '@ipc/core'
import { createConnection, type Limits } from '@ipc/core/internal'
import { LAYOUT_VERSION } from '../layout.js'
import { PAIR_SUFFIX, PRIVATE_MODE, userId } from '../region/directory.js'
import { nodeModule } from '../region/node-modules.js'
import { type Region, SharedRegion } from '../region/region.js'
import { attachRegionFile, createRegionFile, type MappedRegion } from '../region/region-file.js'
import { readLine, type SetupLine, writeLine } from './line-socket.js'
import { checkPeer, Pair, type SideFacts } from './pair.js'
import { pairBytes } from './pair-layout.js'
import { RingLink } from './ring-link.js'
import type { ShmConnectOptions } from './shm-options.js'
import { socketDoorbell } from './socket-doorbell.js'

/** Everything both sides of a set-up need. */
export interface SetUp<In, Out> {
  readonly socket: Socket
  readonly directory: string
  readonly name: string
  readonly options: ShmConnectOptions<In, Out>
  readonly limits: Limits
  readonly codec: Codec<In, Out>
  readonly ringBytes: number
}

/**
 * The accepting side of a set-up:
 *
 * ```
 * connecting side                      accepting side
 *   { ipc, version }          ->         makes the region, attaches side A
 *   attaches side B           <-         { ipc, version, region: file }
 *   { }                       ->         removes the file: from here on nothing can be left behind
 *                             <-         { }
 *   rings of the doorbell     <->        rings of the doorbell
 * ```
 */
export async function acceptSetUp<In, Out>(setUp: SetUp<In, Out>): Promise<Connection<In, Out>> {
  const { socket, directory, name, ringBytes } = setUp
  const { unlinkSync } = nodeModule('node:fs')
  let region: Region | undefined
  let path: string | undefined
  try {
    checkVersion(await readLine(socket))
    const file = `${name}.${nodeModule('node:crypto').randomBytes(8).toString('hex')}${PAIR_SUFFIX}`
    const created = `${directory}/${file}`
    region = regionOf(
      createRegionFile(created, { bytes: pairBytes(ringBytes), mode: PRIVATE_MODE, schema: '' }),
    )
    path = created
    const pair = Pair.claim(region)
    pair.attach(factsOf(setUp))
    writeLine(socket, { ipc: 'shm', version: LAYOUT_VERSION, region: file })
    throwFailure(await readLine(socket))
    unlinkSync(path)
    path = undefined
    checkPeer(factsOf(setUp), pair.peerFacts)
    writeLine(socket, {})
    return open(setUp, pair)
  } catch (error) {
    if (path !== undefined) unlinkSync(path)
    fail(socket, region, error)
    throw error
  }
}

/** The connecting side of a set-up. */
export async function connectSetUp<In, Out>(setUp: SetUp<In, Out>): Promise<Connection<In, Out>> {
  const { socket, directory } = setUp
  let region: Region | undefined
  try {
    writeLine(socket, { ipc: 'shm', version: LAYOUT_VERSION })
    const line = await readLine(socket)
    throwFailure(line)
    checkVersion(line)
    region = regionOf(
      attachRegionFile(`${directory}/${fileOf(line)}`, { access: 'read-write', foreign: false }),
    )
    const pair = Pair.claim(region)
    pair.attach(factsOf(setUp))
    checkPeer(factsOf(setUp), pair.peerFacts)
    writeLine(socket, {})
    throwFailure(await readLine(socket))
    return open(setUp, pair)
  } catch (error) {
    fail(socket, region, error)
    throw error
  }
}

function open<In, Out>(setUp: SetUp<In, Out>, pair: Pair): Connection<In, Out> {
  const { options, limits, codec, name, socket } = setUp
  return createConnection<In, Out>({
    options: { ...options, codec },
    limits,
    link: (events) =>
      new RingLink({
        pair,
        doorbell: socketDoorbell(socket),
        codec,
        maxMessageBytes: limits.maxMessageBytes,
        peer: { transport: 'shm', address: name, uid: userId() },
        events,
      }),
  })
}

function regionOf({ mapping, payloadBytes, schema }: MappedRegion): Region {
  return new SharedRegion({ buffer: mapping.buffer, payloadBytes, schema, detach: () => mapping.release() })
}

function factsOf({ codec, limits }: { codec: { readonly name: string }; limits: Limits }): SideFacts {
  return { codec: codec.name, maxMessageBytes: limits.maxMessageBytes }
}

function checkVersion({ ipc, version }: SetupLine): void {
  if (ipc !== 'shm') throw new IpcError('IPC_PROTOCOL', 'the peer does not speak the protocol of @ipc/shm')
  if (version !== LAYOUT_VERSION) {
    throw new IpcError(
      'IPC_VERSION_MISMATCH',
      `the peer has layout version ${version}, this side ${LAYOUT_VERSION}: use one version of @ipc/shm on both sides`,
      { details: { version: LAYOUT_VERSION, peerVersion: version } },
    )
  }
}

/** The peer names a file; it must be one of the directory, whoever the peer is. */
function fileOf({ region }: SetupLine): string {
  if (typeof region !== 'string' || !/^[A-Za-z0-9._-]+$/.test(region) || !region.endsWith(PAIR_SUFFIX)) {
    throw new IpcError('IPC_PROTOCOL', 'the peer named no region')
  }
  return region
}

function throwFailure({ code, message }: SetupLine): void {
  if (code === undefined) return
  const known = (IPC_ERROR_CODES as readonly string[]).includes(code)
  throw new IpcError(known ? (code as IpcErrorCode) : 'IPC_CONNECT_FAILED', `refused by the peer: ${message}`)
}

function fail(socket: Socket, region: Region | undefined, error: unknown): void {
  region?.close()
  if (isIpcError(error)) writeLine(socket, { code: error.code, message: error.message })
  socket.end(() => socket.destroy())
}
