import type { IpcError } from '@ipc/core'
import type { Condition, Publication } from './publication.js'

/** Messages that were sent by one call: when one of them fails, those behind it are not sent. */
export interface SendGroup {
  failed: IpcError | undefined
}

/** What the server says about a message that it has stored. */
export interface Receipt {
  readonly seq: number
  readonly duplicate: boolean
}

/** A message on its way into a stream. */
export interface OutgoingEntry {
  readonly publication: Publication
  readonly group: SendGroup | undefined
  /** Refused by a full stream, whatever the queue does else. */
  readonly neverWaits: boolean
  resolve(receipt: Receipt): void
  reject(error: IpcError): void
  /** Ends it in any case: no room until then, or nobody wants it any more. It may be sent once even so. */
  expired: IpcError | undefined
  isTried: boolean
  /** On which it was sent. */
  condition: Condition | undefined
  /** It was sent, and what came of it is not known. */
  mayBeStored: boolean
  isSettled: boolean
  /** The question it is, while it is under way. */
  question: number
}
