import type { ConnectionStats, ConnectionStatus, IpcErrorCode, MessageCount, WaitOptions } from '@ipc/core'
import { callsOver } from './calls.js'
import type { Control } from './control.js'
import type { NumberedStream, Verdict } from './numbered.js'

/** `CloseReason` as it crosses a process. */
export interface RemoteCloseReason {
  readonly by: 'local' | 'remote' | 'transport'
  readonly code: IpcErrorCode | undefined
  readonly unsent: MessageCount
  readonly discarded: MessageCount
}

/** What the remote service of {@link Remote.serve} saw. */
export interface ServiceReport {
  readonly started: number
  readonly finished: number
  /** Codes of the reasons with which handlers' signals were aborted. */
  readonly cancelled: readonly (string | undefined)[]
}

/** How the service of {@link Remote.serve} answers: the body of a request. */
export type ServiceBody =
  | { readonly reply: unknown; readonly afterMs?: number }
  /** Throw an `Error` with this message. */
  | { readonly fail: string }
  /** Throw an `IpcError` with this code. */
  | { readonly failCode: IpcErrorCode }
  /** Answer only once the caller gave up. */
  | { readonly hang: true }
  /** Reply with what {@link Remote.release} is called with, when it is. */
  | { readonly gate: string }

/**
 * The other side of a pair, driven by commands, because it may be another thread or process. It reads nothing unless
 * told to. Commands reject with the error of the connection's method, or when the remote side is gone.
 */
export interface Remote {
  /** Send `messages`, awaiting `drained()` whenever `send` says so. */
  send(messages: readonly unknown[]): Promise<void>
  sendNumbered(stream: NumberedStream): Promise<void>
  /** Receive the next `count` messages. */
  receive(count: number): Promise<unknown[]>
  /** Receive a stream and judge it over there. */
  receiveNumbered(stream: NumberedStream): Promise<Verdict>
  /** Read and drop everything from now on, until {@link Remote.stopReading} or the end. */
  startReading(): Promise<void>
  stopReading(): Promise<void>
  /** Send everything that comes in back, from now on. */
  echo(): Promise<void>
  /** Answer requests by their {@link ServiceBody}. */
  serve(): Promise<void>
  served(): Promise<ServiceReport>
  /** Let the handler at `gate` reply with `value`. */
  release(gate: string, value: unknown): Promise<void>
  request(body: unknown, options?: Pick<WaitOptions, 'timeoutMs'>): Promise<unknown>
  /** Subscribe to a topic of this side. */
  subscribe(topic: string): Promise<void>
  /** The next `count` messages of a topic that the remote side has subscribed to. */
  receivePublished(topic: string, count: number): Promise<unknown[]>
  unsubscribe(topic: string): Promise<void>
  close(): Promise<void>
  abort(reason?: string): Promise<void>
  /** Resolves when the connection has ended over there. */
  closed(): Promise<RemoteCloseReason>
  status(): Promise<ConnectionStatus>
  stats(): Promise<ConnectionStats>
  /** Block the remote event loop; resolves when it begins. */
  block(ms: number): Promise<void>
  /** SIGKILL the remote process, or terminate the remote worker; resolves when it is gone. */
  kill?(): Promise<void>
}

const COMMANDS: readonly Exclude<keyof Remote, 'kill'>[] = [
  'send',
  'sendNumbered',
  'receive',
  'receiveNumbered',
  'startReading',
  'stopReading',
  'echo',
  'serve',
  'served',
  'release',
  'request',
  'subscribe',
  'receivePublished',
  'unsubscribe',
  'close',
  'abort',
  'closed',
  'status',
  'stats',
  'block',
]

/** The {@link Remote} that a `driveRemote` at the other end of `control` carries out. */
export function remoteOver(control: Control, channel = '', kill?: () => Promise<void>): Remote {
  const call = callsOver(control, channel)
  const command = (name: string): ((...args: unknown[]) => Promise<unknown>) => {
    return (...args) => {
      const result = call(name, args)
      // A test that is over no longer asks what became of its commands.
      result.catch(() => {})
      return result
    }
  }
  const commands = Object.fromEntries(COMMANDS.map((name) => [name, command(name)]))
  return { ...(commands as unknown as Remote), ...(kill === undefined ? {} : { kill }) }
}
