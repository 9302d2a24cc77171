import type { Connection, ConnectionOptions, Transport, TransportCapabilities } from '@ipc/core'
import type { Remote } from './remote.js'
import type { RemoteOptions } from './remote-options.js'

/** What a test asks of a pair; defaults where it says nothing. */
export interface PairOptions {
  /** Options of the connection on this side. */
  readonly local?: ConnectionOptions | undefined
  /** Options of the connection on the other side: JSON, because it may live in another process. */
  readonly remote?: RemoteOptions | undefined
}

/** Two connected connections: one here, the other wherever the harness puts it. */
export interface Pair {
  readonly local: Connection
  readonly remote: Remote
  /** End both, whatever state they are in, and free what belongs to the pair. */
  dispose(): Promise<void>
}

/** A transport with fresh addresses, for the cases of `listen` and `connect` within this process. */
export interface Endpoint<Address> {
  readonly transport: Transport<Address>
  /** An address at which nobody listens. */
  address(): Address | Promise<Address>
  dispose?(): Promise<void>
}

/** All that the suite has to know about a transport. It asks for capabilities, never for names. */
export interface TransportHarness<Address = string> {
  readonly name: string
  readonly capabilities: TransportCapabilities
  /** Open a pair whose `local` side has `options.local` and whose `remote` side has `options.remote`. */
  open(options?: PairOptions): Promise<Pair>
  /** Present where both ends can be in this process. */
  endpoint?(): Promise<Endpoint<Address>>
  /** Every pair's `remote` has `kill()`: the suite includes the death of the peer. */
  readonly canKill?: boolean
  /** Messages the transport carries beside those that every transport does. */
  readonly values?: readonly unknown[]
  /** Watchdog of each test. @default 20_000 */
  readonly testTimeoutMs?: number
  /** Called once, after the last test. */
  dispose?(): Promise<void>
}
