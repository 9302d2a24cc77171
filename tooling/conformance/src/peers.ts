import { callsOver } from './calls.js'
import { HOST_CHANNEL } from './host-remotes.js'
import { type Remote, remoteOver } from './remote.js'
import type { RemoteOptions } from './remote-options.js'
import type { Started } from './start.js'

/** A running program with `hostRemotes` in it. */
export interface Host<Program extends Started = Started> {
  readonly program: Program
  /**
   * Have it open a connection; resolves when it has one.
   *
   * @param how - Given to the program's `open`: an address, a port, whatever it needs. Structured-cloned.
   */
  open(how: unknown, options?: RemoteOptions, transfer?: readonly object[]): Promise<Remote>
}

/** Programs to be the other side of pairs, started when needed. */
export interface Peers<Program extends Started> {
  /** A running host: the same again while it lives, or a fresh one each time if `fresh`. */
  take(): Promise<Host<Program>>
  dispose(): Promise<void>
}

/** The host over a program that runs. */
export function hostOver<Program extends Started>(program: Program): Host<Program> {
  const call = callsOver(program.control, HOST_CHANNEL)
  let opened = 0
  return {
    program,
    async open(how, options = {}, transfer) {
      opened++
      const channel = `pair-${opened}`
      // Before the connection is opened, so that it can be killed while that is under way.
      const remote = remoteOver(program.control, channel, () => program.kill())
      await call('open', [channel, how, options], transfer)
      return remote
    },
  }
}

/**
 * Keep programs for pairs: one that is used again and again until it is killed; with `fresh`, one for each pair, the
 * next of which starts while this one is in use.
 */
export function createPeers<Program extends Started>(
  start: () => Promise<Program>,
  { fresh = false }: { readonly fresh?: boolean } = {},
): Peers<Program> {
  const hosts: Promise<Host<Program>>[] = []
  let next: Promise<Host<Program>> | undefined
  let disposed = false
  const launch = (): Promise<Host<Program>> => {
    const host = start().then(hostOver)
    hosts.push(host)
    host.then(
      ({ program }) => {
        program.control.onEnd(() => {
          if (next === host) next = undefined
        })
      },
      () => {
        // Whoever takes it hears of the failure; the next one gets another try.
        if (next === host) next = undefined
      },
    )
    return host
  }
  return {
    take() {
      const host = next ?? launch()
      next = fresh ? undefined : host
      if (fresh) {
        void host.then(
          () => {
            if (!disposed) next ??= launch()
          },
          () => {},
        )
      }
      return host
    },
    async dispose() {
      disposed = true
      for (const host of await Promise.allSettled(hosts)) {
        if (host.status === 'fulfilled') await host.value.program.kill()
      }
    },
  }
}
