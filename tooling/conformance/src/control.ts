import type { ChildProcess } from 'node:child_process'
import type { MessagePort, Transferable, Worker } from 'node:worker_threads'

/**
 * The channel over which a test drives the other side. It may share a port or process channel with the transport
 * under test: everything sent here is an object with the key `ipcConformance`, everything else is left alone.
 */
export interface Control {
  post(message: ControlMessage, transfer?: readonly object[]): void
  onMessage(listener: (message: ControlMessage) => void): () => void
  /** `listener` is called with why, once the other end is gone; at once when it already is. */
  onEnd(listener: (error: Error) => void): void
}

/** A call of a function on the other side, or what came of it. */
export type ControlMessage =
  | { readonly ipcConformance: 'ready' }
  | {
      readonly ipcConformance: 'call'
      readonly channel: string
      readonly id: number
      readonly name: string
      readonly args: readonly unknown[]
    }
  | {
      readonly ipcConformance: 'result'
      readonly channel: string
      readonly id: number
      readonly value?: unknown
      readonly error?: unknown
    }

interface EventSource {
  on(event: 'message', listener: (message: unknown) => void): unknown
  off(event: 'message', listener: (message: unknown) => void): unknown
}

function controlOver(
  source: EventSource,
  post: Control['post'],
  onEnd: (end: (error: Error) => void) => void,
): Control {
  let gone: Error | undefined
  const onGone: ((error: Error) => void)[] = []
  onEnd((error) => {
    if (gone !== undefined) return
    gone = error
    for (const listener of onGone) listener(error)
  })
  return {
    post(message, transfer) {
      if (gone === undefined) post(message, transfer)
    },
    onMessage(listener) {
      const filtered = (message: unknown): void => {
        if (isControlMessage(message)) listener(message)
      }
      source.on('message', filtered)
      return () => source.off('message', filtered)
    },
    onEnd(listener) {
      if (gone === undefined) onGone.push(listener)
      else listener(gone)
    },
  }
}

function isControlMessage(message: unknown): message is ControlMessage {
  return typeof message === 'object' && message !== null && 'ipcConformance' in message
}

/** Control over the IPC channel of a child made by `fork` with `serialization: 'advanced'`. */
export function childControl(child: ChildProcess, describeEnd: () => string = () => 'it ended'): Control {
  return controlOver(
    child,
    (message) => {
      // A child that just died is reported by 'exit'; the error of this write would say less.
      if (child.connected) child.send(message, () => {})
    },
    (end) => {
      child.once('error', end)
      child.once('close', (code, signal) => {
        end(new Error(`remote process ${child.pid} ended (${signal ?? code}): ${describeEnd()}`))
      })
    },
  )
}

/** Control over this process's IPC channel to the one that forked it. */
export function parentProcessControl(): Control {
  return controlOver(
    process,
    (message) => process.send?.(message, undefined, undefined, () => {}),
    (end) => process.once('disconnect', () => end(new Error('the parent process is gone'))),
  )
}

/** Control over a port, or over a worker as its creator sees it. */
export function portControl(port: MessagePort | Worker): Control {
  return controlOver(
    port as EventSource,
    (message, transfer) => port.postMessage(message, transfer as readonly Transferable[] | undefined),
    (end) => {
      port.once('error' as 'messageerror', end)
      port.once('exit' as 'close', () => end(new Error('remote worker ended')))
      port.once('close', () => end(new Error('control port closed')))
    },
  )
}
