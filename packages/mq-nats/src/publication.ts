import type { ReadableMessage } from '@ipc/mq/internal'
import { headers, type MsgHdrs } from '@nats-io/transport-node'

/**
 * How a message of ours lies in a stream. Its payload is the body as the codec encoded it; what else belongs to it is in
 * headers, as JSON of printable ASCII:
 *
 * ```
 *   Nats-Msg-Id       by which the server knows a message that it has already
 *   Ipc-Headers       the application's headers
 *   Ipc-Id            the number by which it is known, of a message that has been a dead letter
 *   Ipc-Sent-At       when it was sent first, likewise
 *   Ipc-Attempts      of a dead letter
 *   Ipc-Reason        of a dead letter
 * ```
 */
const MESSAGE_ID = 'Nats-Msg-Id'
const HEADERS = 'Ipc-Headers'
const ID = 'Ipc-Id'
const SENT_AT = 'Ipc-Sent-At'
const ATTEMPTS = 'Ipc-Attempts'
const REASON = 'Ipc-Reason'
const EXPECTED_LAST = 'Nats-Expected-Last-Msg-Id'

/** What frames the headers on the wire, and a message in a file. */
const FRAME_BYTES = 'NATS/1.0\r\n\r\n'.length
const LINE_BYTES = ': \r\n'.length
const STORED_BYTES = 34

/** A message ready to be published. */
export interface Publication {
  readonly id: string
  /** Its id is nobody else's: the stream has no other message with it. */
  readonly isNew: boolean
  readonly lines: readonly (readonly [name: string, value: string])[]
  readonly payload: Uint8Array
  /** With its headers. */
  readonly wireBytes: number
}

/** What of a message is not in its payload. */
export interface PublicationParts {
  readonly id: string
  readonly isNew?: boolean | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Of one that has been in the stream before. */
  readonly before?: Pick<ReadableMessage, 'id' | 'sentAt'> | undefined
  /** Of a dead letter. */
  readonly dead?: { readonly attempts: number; readonly reason: string } | undefined
}

export function publication(payload: Uint8Array, parts: PublicationParts): Publication {
  const lines: [string, string][] = [[MESSAGE_ID, parts.id]]
  if (parts.headers !== undefined && Object.keys(parts.headers).length > 0) {
    lines.push([HEADERS, printable(parts.headers)])
  }
  if (parts.before !== undefined) {
    lines.push([ID, String(parts.before.id)], [SENT_AT, String(parts.before.sentAt)])
  }
  if (parts.dead !== undefined) {
    lines.push([ATTEMPTS, String(parts.dead.attempts)], [REASON, printable(parts.dead.reason)])
  }
  let wireBytes = payload.length + FRAME_BYTES
  for (const [name, value] of lines) wireBytes += name.length + value.length + LINE_BYTES
  return { id: parts.id, isNew: parts.isNew === true, lines, payload, wireBytes }
}

/** What a message asks of its stream, which refuses it else, unless it has it already. */
export type Condition = readonly [header: string, value: string]

/** That message is the last one. */
export function comesAfter({ id }: Publication): Condition {
  return [EXPECTED_LAST, id]
}

/** No stream is like that: whether a message is there already is all that is asked. */
export const NEVER: Condition = [EXPECTED_LAST, '-']

/** Its headers. Of conditions of one kind the last one counts. */
export function headersOf({ lines }: Publication, conditions: readonly (Condition | undefined)[]): MsgHdrs {
  const written = headers()
  for (const [name, value] of lines) written.append(name, value)
  for (const condition of conditions) if (condition !== undefined) written.set(...condition)
  return written
}

/** What a message costs in its stream. */
export function storedBytes({ wireBytes }: Publication, subject: string): number {
  return wireBytes + subject.length + STORED_BYTES
}

/** The id of a message for which the application has given one. */
export function deduplicationId(id: string): string {
  return `id-${printable(id)}`
}

/** What JetStream says about a message that it stores. */
export interface Stored {
  readonly seq: number
  readonly storedAt: number
  readonly headers: MsgHdrs | undefined
  readonly payload: Uint8Array
}

/** A message of ours as the application sees it; one of somebody else has a body only. */
export function readMessage(
  { seq, storedAt, headers: found, payload }: Stored,
  attempts: number,
): ReadableMessage {
  const text = (name: string): string | undefined => found?.get(name) || undefined
  const reason = text(REASON)
  return {
    id: Number(text(ID) ?? seq),
    attempts: reason === undefined ? attempts : Number(text(ATTEMPTS)),
    priority: 0,
    sentAt: Number(text(SENT_AT) ?? storedAt),
    orderingKey: undefined,
    headers: parsed(text(HEADERS)) as ReadableMessage['headers'],
    body: payload,
    reason: parsed(reason) as string | undefined,
    deadAt: storedAt,
  }
}

/** JSON in characters that a header can have. */
function printable(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[^ -~]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** Nothing for what is no JSON: anybody may have written it. */
function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}
