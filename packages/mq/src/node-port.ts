import { IpcError } from '@ipc/core'
import type { PortEvents, PortLike } from './port.js'
import type { NodePortTarget } from './targets.js'

/** The members of a `worker_threads` port or worker that are used beside those of {@link NodePortTarget}. */
interface Extras {
  ref?(): void
  unref?(): void
  /** Ports only. */
  hasRef?(): boolean
  /** Workers only; -1 once it has exited. */
  readonly threadId?: number
}

/** Ports and workers of `node:worker_threads`. */
export function nodePort(target: NodePortTarget): PortLike {
  const extras = target as NodePortTarget & Extras
  const { threadId } = extras
  const isWorker = typeof threadId === 'number'
  let detach = (): void => {}
  return {
    peer: isWorker && threadId >= 0 ? { threadId } : {},
    clones: true,
    attach(events) {
      const hadRef = extras.hasRef?.()
      const stop = listen(target, events, threadId)
      detach = () => {
        stop()
        // Without listeners the port lets go by itself; beside those of the application it is as it was before.
        if (hadRef === true) extras.ref?.()
        else if (hadRef === false) extras.unref?.()
      }
      // A port with a listener holds the process, unless it is closed. Nothing else tells.
      const closed = isWorker ? extras.threadId === -1 : extras.hasRef?.() === false
      if (closed) queueMicrotask(() => events.lost(lostError(isWorker ? 'the worker exited' : CLOSED)))
    },
    detach: () => detach(),
    post(message, transfer, written) {
      target.postMessage(message, transfer as never[])
      written?.()
    },
    ref: () => extras.ref?.(),
    unref: () => extras.unref?.(),
  }
}

const CLOSED = 'the port is closed'

function listen(target: NodePortTarget, events: PortEvents, threadId: number | undefined): () => void {
  const listeners: Record<string, (value: unknown) => void> = {
    message: (message) => events.message(message),
    messageerror: (cause) => events.garbled(cause),
    close: () => events.lost(lostError(CLOSED)),
    exit: (code) => events.lost(lostError(`worker ${threadId} exited with code ${code}`, { exitCode: code })),
  }
  for (const [name, listener] of Object.entries(listeners)) target.on(name, listener)
  return () => {
    for (const [name, listener] of Object.entries(listeners)) target.off(name, listener)
  }
}

function lostError(message: string, details?: Record<string, unknown>): IpcError {
  return new IpcError('IPC_PEER_LOST', message, { details })
}
