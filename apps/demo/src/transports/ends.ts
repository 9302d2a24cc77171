import type { MessagePort } from 'node:worker_threads'
import type { ConnectionOptions } from '@ipc/core'
import type { Link } from '../link.js'
import type { P2Handle } from '../p2-handle.js'

/** How the two sides of one transport open their ends. */
export interface Ends {
  /** Whether messages become bytes by a codec; else they travel as values. */
  readonly encodes: boolean
  /** In P1: open the link to P2, which listens. */
  connect(there: P2Address, options: ConnectionOptions): Promise<Link>
  /** In P2: listen, say `ready`, and accept the one link of this phase. */
  accept(here: P2Place, options: ConnectionOptions, ready: (address: string) => void): Promise<Link>
}

/** What P1 knows about P2. */
export interface P2Address {
  readonly p2: P2Handle
  /** What P2 said when it was ready. */
  readonly address: string
  /** The directory of this run, for sockets and names. */
  readonly scratch: string
}

/** What P2 knows about where it runs. */
export interface P2Place {
  /** The directory of this run, for sockets and names. */
  readonly scratch: string
  /** To P1, beside the link; in a thread only. */
  readonly control: MessagePort | undefined
}
