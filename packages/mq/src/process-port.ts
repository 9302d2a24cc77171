import { IpcError } from '@ipc/core'
import type { PortEvents, PortLike } from './port.js'
import type { ProcessTarget } from './targets.js'

type Send = (
  message: unknown,
  handle: undefined,
  options: undefined,
  done: (error: Error | null) => void,
) => boolean

/** The members of `ChildProcess` and `process` that are used beside those of {@link ProcessTarget}. */
interface Extras {
  readonly channel?: { ref(): void; unref(): void } | null
  readonly pid?: number
  readonly exitCode?: number | null
  readonly signalCode?: string | null
  listenerCount?(event: string): number
  ref?(): void
  unref?(): void
}

/** The channel between a process and the one that forked it. */
export function processPort(target: ProcessTarget): PortLike {
  const extras = target as ProcessTarget & Extras
  // In the child, only the channel may be touched: `process.pid` and the rest are its own.
  const child = (target as unknown) === globalThis.process ? undefined : extras
  // Once set by hand, Node no longer counts listeners: it has to be done in its place.
  let setRef = false
  let detach = (): void => {}
  const ref = (): void => {
    setRef = true
    child?.ref?.()
    extras.channel?.ref()
  }
  return {
    peer: child?.pid === undefined ? {} : { pid: child.pid },
    clones: false,
    attach(events) {
      detach = listen(target, events, child)
      if (setRef) ref()
      if (!target.connected) queueMicrotask(() => events.lost(lostError(child)))
    },
    detach() {
      detach()
      if (child === undefined && setRef) {
        const others = (extras.listenerCount?.('message') ?? 0) + (extras.listenerCount?.('disconnect') ?? 0)
        if (others > 0) extras.channel?.ref()
        else extras.channel?.unref()
      }
    },
    post(message, _transfer, written) {
      // With a callback an error is not emitted on the process, where nobody may listen. A channel that is closed or
      // breaks is reported by 'disconnect', after the messages that came before.
      const done = (error: Error | null): void => {
        if (error === null) written?.()
      }
      ;(target.send as unknown as Send).call(target, message, undefined, undefined, done)
    },
    ref,
    unref() {
      setRef = true
      child?.unref?.()
      extras.channel?.unref()
    },
  }
}

function listen(target: ProcessTarget, events: PortEvents, child: Extras | undefined): () => void {
  const onMessage = (message: unknown): void => events.message(message)
  // Emitted after the last message, unlike 'exit', which does not wait for what the dead process had written.
  const onDisconnect = (): void => events.lost(lostError(child))
  target.on('message', onMessage)
  target.on('disconnect', onDisconnect)
  return () => {
    target.off('message', onMessage)
    target.off('disconnect', onDisconnect)
  }
}

function lostError(child: Extras | undefined): IpcError {
  if (child === undefined) return new IpcError('IPC_PEER_LOST', 'the channel to the parent process is closed')
  const { pid, exitCode, signalCode } = child
  const end = signalCode ?? exitCode
  const how =
    end === null || end === undefined ? '' : ` (${signalCode ? 'killed by' : 'exited with code'} ${end})`
  return new IpcError('IPC_PEER_LOST', `the channel to process ${pid} is closed${how}`, { details: { pid } })
}
