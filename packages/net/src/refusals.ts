import { channel } from 'node:diagnostics_channel'
import type { IpcError } from '@ipc/core'

/**
 * Name of the channel of `node:diagnostics_channel` on which a listener reports connections that did not come about:
 * strangers, other versions or codecs, silence, a full backlog, and whoever did not prove what was asked for. Messages are {@link RefusedConnection}s. Such a caller
 * disturbs nobody else, so nothing is thrown for it.
 */
export const REFUSED_CHANNEL = 'ipc:net:refused'

/** Published on {@link REFUSED_CHANNEL}. */
export interface RefusedConnection {
  /** Address of the listener. */
  readonly address: string
  readonly error: IpcError
}

const refused = channel(REFUSED_CHANNEL)

/** Report, if anybody listens. */
export function publishRefused(connection: RefusedConnection): void {
  if (refused.hasSubscribers) refused.publish(connection)
}
