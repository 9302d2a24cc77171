import { randomBytes } from 'node:crypto'
import {
  type Codec,
  type Durability,
  IpcError,
  type OutgoingMessage,
  type QueueSendOptions,
  type SendReceipt,
  type WaitOptions,
} from '@ipc/core'
import { outgoing } from '@ipc/mq/internal'
import type { NatsConnection } from '@nats-io/transport-node'
import { checkAble } from './abilities.js'
import type { Receipt, SendGroup } from './outgoing-entry.js'
import { deduplicationId, type Publication, publication, storedBytes } from './publication.js'
import type { Sender } from './sender.js'

/** What tells our messages from those of other senders: 60 bits. */
const SENDER_ID_LENGTH = 10

/** What a {@link Publisher} is made of. */
export interface PublisherInit<T> {
  readonly connection: NatsConnection
  readonly sender: Sender
  readonly codec: Codec<T>
  readonly subject: string
  readonly name: string
  readonly maxBytes: number
  readonly offered: Durability
}

/** Sends what the application sends. */
export class Publisher<T> {
  readonly #init: PublisherInit<T>
  readonly #id = randomBytes(SENDER_ID_LENGTH).toString('base64url').slice(0, SENDER_ID_LENGTH)
  #sent = 0

  constructor(init: PublisherInit<T>) {
    this.#init = init
  }

  async send(body: T, options: QueueSendOptions): Promise<SendReceipt> {
    return this.#receipt(await this.#init.sender.send(this.#make(body, options), options))
  }

  async sendBatch(messages: readonly OutgoingMessage<T>[], options: WaitOptions): Promise<SendReceipt[]> {
    const group: SendGroup = { failed: undefined }
    const made = messages.map(({ body, options: own = {} }) => this.#make(body, own))
    const sends = made.map((each) => this.#init.sender.send(each, options, group))
    const results = await Promise.allSettled(sends)
    const receipts = results.flatMap((each) =>
      each.status === 'fulfilled' ? [this.#receipt(each.value)] : [],
    )
    if (receipts.length === made.length) return receipts
    const failed = results.find((each) => each.status === 'rejected')
    throw partly(group.failed ?? failed?.reason, receipts.length)
  }

  #make(body: T, options: Omit<QueueSendOptions, keyof WaitOptions>): Publication {
    const message = outgoing(this.#init.codec, body, options, this.#init.offered)
    checkAble(message)
    const given = message.deduplicationId
    const id = given === undefined ? this.#id + (++this.#sent).toString(36) : deduplicationId(given)
    const made = publication(message.body, { id, isNew: given === undefined, headers: message.headers })
    this.#checkSize(made)
    return made
  }

  #checkSize(made: Publication): void {
    const { name, subject, maxBytes, connection } = this.#init
    const limits = [
      [made.wireBytes, connection.info?.max_payload ?? Number.POSITIVE_INFINITY, 'max_payload of the server'],
      [storedBytes(made, subject), maxBytes, `maxBytes of queue ${name}`],
    ] as const
    for (const [bytes, limit, what] of limits) {
      if (bytes <= limit) continue
      const text = `message of ${bytes} bytes with its headers exceeds ${what}, ${limit}: raise it, or send parts`
      throw new IpcError('IPC_MESSAGE_TOO_LARGE', text, { details: { bytes, limit } })
    }
  }

  #receipt({ seq, duplicate }: Receipt): SendReceipt {
    return { id: String(seq), durability: this.#init.offered, duplicate }
  }
}

/** What a call rejects with, part of whose messages are queued. */
function partly(error: unknown, queued: number): unknown {
  if (!(error instanceof IpcError)) return error
  const { code, message, cause, details } = error
  const text = queued === 0 ? message : `${message}; the first ${queued} of the batch are queued`
  return new IpcError(code, text, { cause, details: { ...details, queued } })
}
