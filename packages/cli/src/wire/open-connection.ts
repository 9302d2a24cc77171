import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, IpcError, isIpcError } from '@ipc/core'
import type { Output } from '../terminal.js'
import { type ReachOptions, reach } from './address.js'
import { codecOf } from './message-format.js'

/** Between two tries to connect. */
const PAUSE_MS = 50

/** How `send` and `receive` come to a peer. */
export interface PeerOptions extends ReachOptions {
  readonly codec: string
  readonly listen?: boolean
  readonly timeout: number
}

/** A connection, and what else has to be closed. */
export interface OpenPeer {
  readonly connection: Connection
  /** Wait for the next one, where this side listens. */
  next(): Promise<Connection>
  close(): Promise<void>
}

/**
 * Connect, or with `listen` wait for a peer that does.
 *
 * @throws IpcError as `connect` and `listen` of the transport.
 */
export async function openPeer(
  address: string,
  options: PeerOptions,
  { output, signal }: { readonly output: Output; readonly signal: AbortSignal },
): Promise<OpenPeer> {
  const codec = codecOf(options.codec)
  const place = reach(address, options)
  const wait = { signal, timeoutMs: options.timeout }
  if (!options.listen) {
    const connect = (timeoutMs: number): Promise<Connection> =>
      place.transport.connect(place.address, { codec, signal, timeoutMs })
    const connection = await connectInTime(connect, options.timeout, signal).catch((error) => {
      throw withHint(error, options.codec)
    })
    return {
      connection,
      next: () => Promise.reject(new TypeError('this side connects')),
      close: async () => {},
    }
  }
  const listener = await place.transport.listen(place.address, { codec, signal })
  output.note(`listening at ${shown(address, listener.address)}`)
  try {
    const connection = await listener.accept(wait)
    return { connection, next: () => listener.accept({ signal }), close: () => listener.close() }
  } catch (error) {
    await listener.close()
    throw error
  }
}

/** With a limit of time this side waits for the peer to be there; without one it has to be there. */
async function connectInTime(
  connect: (timeoutMs: number) => Promise<Connection>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Connection> {
  if (timeoutMs === Number.POSITIVE_INFINITY) return connect(timeoutMs)
  const end = performance.now() + timeoutMs
  while (true) {
    try {
      return await connect(Math.max(0, end - performance.now()))
    } catch (error) {
      if (!isIpcError(error, 'IPC_CONNECT_FAILED')) throw error
      if (performance.now() + PAUSE_MS >= end) {
        throw new IpcError('IPC_TIMEOUT', `nobody was there within ${timeoutMs} ms`, { cause: error })
      }
      await sleep(PAUSE_MS, undefined, { signal })
    }
  }
}

/** As the user wrote it, with the port that the system chose. */
function shown(address: string, listening: string): string {
  return address.startsWith('shm:') ? `shm:${listening}` : listening
}

/** Packages use msgpack by default, this program does not: it cannot know. */
function withHint(error: unknown, codec: string): unknown {
  if (!isIpcError(error, 'IPC_PROTOCOL') || !/codec/.test(error.message)) return error
  return new IpcError('IPC_PROTOCOL', `${error.message} (this side uses --codec ${codec})`, { cause: error })
}
