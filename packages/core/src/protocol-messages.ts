import type { IpcErrorJson } from './errors.js'

/**
 * The messages of the protocols of this package on a connection, beside the application's own. They are objects, so the
 * connection's codec has to carry objects (`msgpack()`, `json()`, structured clone).
 */
export type ProtocolMessage = RpcMessage | TopicMessage

/** What `request` and `serve` exchange. */
export type RpcMessage = RequestMessage | CancelMessage | ReplyMessage | FailureMessage

/** What `subscribe` and `createTopics` exchange. */
export type TopicMessage =
  | SubscribeMessage
  | SubscribedMessage
  | PublishedMessage
  | UnsubscribeMessage
  | UnsubscribedMessage

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

/** Asks for what is published under a topic, by a number of the subscriber's choice. */
export interface SubscribeMessage {
  readonly ipc: 'subscribe'
  readonly id: number
  readonly topic: string
}

/** Subscription `id` holds: whatever is published from now on comes behind this. */
export interface SubscribedMessage {
  readonly ipc: 'subscribed'
  readonly id: number
}

/** A message for subscription `id`. */
export interface PublishedMessage {
  readonly ipc: 'published'
  readonly id: number
  /** Absent for `undefined`. */
  readonly body?: unknown
}

/** The subscriber wants no more. */
export interface UnsubscribeMessage {
  readonly ipc: 'unsubscribe'
  readonly id: number
}

/** Nothing comes for subscription `id` behind this: it was asked for, or there is an error. */
export interface UnsubscribedMessage {
  readonly ipc: 'unsubscribed'
  readonly id: number
  readonly error?: IpcErrorJson
}

/** Whether a message that came in is one of the given kinds of {@link ProtocolMessage}. */
export function isProtocolMessage<Kind extends ProtocolMessage['ipc']>(
  message: unknown,
  ...kinds: readonly Kind[]
): message is Extract<ProtocolMessage, { readonly ipc: Kind }> {
  if (typeof message !== 'object' || message === null) return false
  const { ipc, id } = message as { readonly ipc?: unknown; readonly id?: unknown }
  return Number.isSafeInteger(id) && kinds.includes(ipc as Kind)
}
