import type { Connection, ConnectionOptions } from '@ipc/core'
import { answerCalls } from './calls.js'
import type { Control } from './control.js'
import { driveRemote } from './drive-remote.js'
import { connectionOptions, type RemoteOptions } from './remote-options.js'

/**
 * The whole program of a remote process or worker: opens a connection whenever the test asks for one, and carries out
 * its commands.
 *
 * @param open - Opens a connection; `how` is what the harness passed to `Host.open`.
 *
 * @example test/fixtures/peer.ts
 * ```ts
 * hostRemotes(parentControl(), (how, options) => net().connect(how as string, options))
 * ```
 */
export function hostRemotes(
  control: Control,
  open: (how: unknown, options: ConnectionOptions) => Promise<Connection>,
): void {
  answerCalls(control, HOST_CHANNEL, {
    async open(channel: string, how: unknown, options: RemoteOptions) {
      driveRemote(await open(how, connectionOptions(options)), control, channel)
    },
  })
  // A test that died leaves no program behind.
  control.onEnd(() => process.exit(1))
  control.post({ ipcConformance: 'ready' })
}

/** The channel on which {@link hostRemotes} is asked for connections; each connection has one of its own. */
export const HOST_CHANNEL = 'host'
