import type { IpcErrorJson } from './errors.js'

/**
 * The messages that `request` and `serve` exchange on a connection, beside the application's own. They are objects,
 * so the connection's codec has to carry objects (`msgpack()`, `json()`, structured clone).
 */
export type RpcMessage = RequestMessage | CancelMessage | ReplyMessage | FailureMessage

/** Asks for a reply. */
export interface RequestMessage {
  readonly ipc: 'request'
  readonly id: number
  /** Absent for `undefined`, which not every codec carries. */
  readonly body?: unknown
  /** Milliseconds the caller is still willing to wait; travels as a duration because clocks differ. */
  readonly timeoutMs?: number
}

/** The caller of request `id` no longer waits. */
export interface CancelMessage {
  readonly ipc: 'cancel'
  readonly id: number
}

/** The result of request `id`. */
export interface ReplyMessage {
  readonly ipc: 'reply'
  readonly id: number
  /** Absent for `undefined`. */
  readonly body?: unknown
}

/** Request `id` failed. */
export interface FailureMessage {
  readonly ipc: 'failure'
  readonly id: number
  readonly error: IpcErrorJson
}

/** Whether a message that came in is one of the given kinds of {@link RpcMessage}. */
export function isRpcMessage<Kind extends RpcMessage['ipc']>(
  message: unknown,
  ...kinds: readonly Kind[]
): message is Extract<RpcMessage, { readonly ipc: Kind }> {
  if (typeof message !== 'object' || message === null) return false
  const { ipc, id } = message as { readonly ipc?: unknown; readonly id?: unknown }
  return Number.isSafeInteger(id) && kinds.includes(ipc as Kind)
}
