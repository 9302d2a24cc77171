import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, connect as dialSocket, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Endpoint, type FaultProxy, type ProxiedConnection, startProxy, type Toxics } from '@ipc/faults'
import { endpointOf } from '../../src/proxy/endpoint.js'
import { wasReset } from '../../src/proxy/was-reset.js'

/** A socket, and what came over it. */
export class End {
  readonly socket: Socket
  /** As they were read. */
  readonly chunks: Buffer[] = []
  ended = false
  #received = 0
  #fate = 'closed'

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (bytes) => {
      this.chunks.push(bytes)
      this.#received += bytes.length
    })
    socket.on('end', () => {
      if (wasReset(socket)) this.#broke('ECONNRESET')
      else this.ended = true
    })
    socket.on('error', (error: NodeJS.ErrnoException) => this.#broke(error.code))
  }

  get received(): Buffer {
    return Buffer.concat(this.chunks)
  }

  /** Waits for so many bytes. */
  async bytes(count: number): Promise<Buffer> {
    await until(() => this.#received >= count || this.socket.destroyed)
    return this.received
  }

  /** Everything up to FIN. */
  async all(): Promise<Buffer> {
    await until(() => this.ended || this.socket.destroyed)
    return this.received
  }

  /** How it ended: a code of an error, or `closed`. */
  async fate(): Promise<string> {
    await until(() => this.socket.closed)
    return this.#fate
  }

  #broke(code: string | undefined): void {
    this.#fate = code ?? 'unknown'
    this.socket.destroy()
  }
}

/** A listener behind a proxy, and everything that was connected. */
export class Network {
  readonly proxy: FaultProxy
  readonly #accepted: End[] = []
  readonly #ends: End[] = []
  readonly #cleanUp: () => Promise<void>

  constructor(proxy: FaultProxy, accepted: End[], cleanUp: () => Promise<void>) {
    this.proxy = proxy
    this.#accepted = accepted
    this.#cleanUp = cleanUp
  }

  /** The listener's ends, in the order in which they were accepted. */
  get listeners(): readonly End[] {
    return this.#accepted
  }

  dial(): End {
    const end = new End(dialSocket({ ...this.proxy.address, allowHalfOpen: true, noDelay: true }))
    this.#ends.push(end)
    return end
  }

  /** A connection all the way; not for a proxy that is paused. */
  async connect(): Promise<{ dialer: End; listener: End; connection: ProxiedConnection }> {
    const before = this.#accepted.length
    const accepted = this.proxy.nextConnection()
    const dialer = this.dial()
    const connection = await accepted
    await until(() => this.#accepted.length > before)
    return { dialer, listener: this.#accepted[before]!, connection }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.proxy.close()
    const ends = [...this.#ends, ...this.#accepted]
    for (const { socket } of ends) socket.destroy()
    await this.#cleanUp()
    await until(() => ends.every(({ socket }) => socket.closed))
  }
}

/** How the ends of a proxy are connected. */
export type Family = 'tcp' | 'unix'

export async function startNetwork(
  toxics: Toxics = {},
  { family = 'tcp', seed = 1 }: { readonly family?: Family; readonly seed?: number } = {},
): Promise<Network> {
  const directory = family === 'unix' ? await mkdtemp(join(tmpdir(), 'ipc-faults-')) : undefined
  const at = (name: string): Endpoint =>
    directory === undefined ? { host: '127.0.0.1', port: 0 } : { path: join(directory, name) }
  const accepted: End[] = []
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    accepted.push(new End(socket))
  })
  server.listen(at('upstream'))
  await once(server, 'listening')
  const proxy = await startProxy({ upstream: endpointOf(server), listen: at('proxy'), seed })
  proxy.setToxics(toxics)
  return new Network(proxy, accepted, async () => {
    server.close()
    if (directory !== undefined) await rm(directory, { recursive: true })
  })
}

/** Poll; the watchdog is the test's timeout. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turns(1)
}

/** Let the event loop go round. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/**
 * Wait until a number stays as it is: where everything happens within this process, what does not move for so many turns
 * does not move.
 */
export async function standsStill(read: () => number): Promise<number> {
  let before = Number.NaN
  while (read() !== before) {
    before = read()
    await turns(500)
  }
  return before
}

/** Write parts, each when the system has taken the one before, and then FIN. */
export function pour(socket: Socket, bytes: Buffer, partBytes = 65_536): { readonly takenBytes: number } {
  const poured = { takenBytes: 0 }
  const next = (): void => {
    const part = bytes.subarray(poured.takenBytes, poured.takenBytes + partBytes)
    if (part.length === 0) socket.end()
    else
      socket.write(part, (error) => {
        poured.takenBytes += part.length
        if (!error) next()
      })
  }
  next()
  return poured
}

/** Bytes that show where they come from: no part repeats soon. */
export function pattern(length: number, first = 1): Buffer {
  const bytes = Buffer.alloc(length)
  let state = first
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    bytes[index] = state >>> 24
  }
  return bytes
}
