import { chmodSync } from 'node:fs'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { isMainThread } from 'node:worker_threads'
import { type Codec, type Listener, type ListenOptions, msgpack } from '@ipc/core'
import {
  abortedError,
  checkSize,
  createListener,
  DEFAULT_BACKLOG,
  resolveLimits,
  startWait,
} from '@ipc/core/internal'
import { Acceptor } from './acceptor.js'
import { formatPipe, formatTcp, formatUnix, type NetAddress, parseAddress } from './address.js'
import { resolveToBind } from './loopback.js'
import { type NetSettings, termsFor } from './net-options.js'
import { checkPermission } from './permission.js'
import { checkPipes, pipePath } from './pipe-name.js'
import { checkScheme } from './scheme.js'
import { listenError } from './socket-error.js'
import { checkDirectory } from './unix-owner.js'
import { checkUnixPath, freeUnixPath } from './unix-path.js'
import { SOCKET_OPTIONS } from './wire.js'

/** Mode of a socket file: connecting needs the right to write. */
const OWNER_ONLY = 0o600
const OWNER_ONLY_UMASK = 0o177

/** `Transport.listen` of this package. */
export async function listenAt<In, Out>(
  address: string,
  options: ListenOptions<In, Out>,
  settings: NetSettings,
): Promise<Listener<In, Out>> {
  const target = parseAddress(address)
  const limits = resolveLimits(options)
  const backlog = checkSize('backlog', options.backlog ?? DEFAULT_BACKLOG)
  checkScheme(target, address, settings)
  checkPermission(address)
  settings.tls?.listening()
  if (target.scheme === 'unix') checkUnixPath(target.path)
  if (target.scheme === 'pipe') checkPipes()
  const codec = options.codec ?? (msgpack() as unknown as Codec<In, Out>)
  const what = `listen at ${address}`
  if (options.signal?.aborted) throw abortedError(what, options.signal.reason)

  let givenUp = false
  const wait = startWait<Listener<In, Out>>(what, { signal: options.signal }, () => {
    givenUp = true
  })
  const server = createServer({ ...SOCKET_OPTIONS, pauseOnConnect: true })
  bind(server, target, settings).then(
    () => {
      const bound = boundAddress(target, server)
      const acceptor = new Acceptor<In, Out>({
        server,
        address: bound,
        codec,
        options,
        limits,
        settings,
        terms: termsFor(settings, target),
      })
      if (givenUp) void acceptor.stop()
      else wait.resolve(acceptor.serve(createListener<In, Out, string>(acceptor, backlog)))
    },
    (error: Error) => wait.reject(listenError(address, error)),
  )
  return wait.promise
}

/** Resolves when the server listens. */
async function bind(server: Server, target: NetAddress, { insecure }: NetSettings): Promise<void> {
  if (target.scheme === 'unix') {
    checkDirectory(target.path)
    await freeUnixPath(target.path)
  }
  const inNetwork = target.scheme === 'tcp' || target.scheme === 'tls'
  const host = inNetwork ? await resolveToBind(target, insecure || target.scheme === 'tls') : undefined
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.once('listening', () => {
      server.off('error', reject)
      resolve()
    })
    // `exclusive`: in a cluster, the primary would otherwise bind, with a mode of its own.
    if (target.scheme === 'unix') listenForOwner(server, target.path)
    else if (target.scheme === 'pipe') server.listen({ path: pipePath(target.name), exclusive: true })
    else server.listen({ host, port: target.port, exclusive: true })
  })
}

/** Node binds before `listen` returns, so nobody else ever sees another mode. */
function listenForOwner(server: Server, path: string): void {
  if (!isMainThread) {
    // The umask belongs to the process: a worker cannot change it.
    server.listen({ path, exclusive: true })
    if (server.listening) chmodSync(path, OWNER_ONLY)
    return
  }
  const umask = process.umask(OWNER_ONLY_UMASK)
  try {
    server.listen({ path, exclusive: true })
  } finally {
    process.umask(umask)
  }
}

function boundAddress(target: NetAddress, server: Server): string {
  if (target.scheme === 'unix') return formatUnix(target.path)
  if (target.scheme === 'pipe') return formatPipe(target.name)
  return formatTcp(target.host, (server.address() as AddressInfo).port, target.scheme)
}
