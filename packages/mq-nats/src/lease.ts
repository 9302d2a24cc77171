import { IpcError } from '@ipc/core'
import type { ReadableMessage } from '@ipc/mq/internal'
import type { Msg } from '@nats-io/transport-node'
import { readMessage } from './publication.js'
import { LEASE_MARGIN_MS } from './queue-config.js'

/** What {@link Lease} needs of its queue. */
export interface LeaseOwner {
  /** How long the server waits for word of a lease. */
  readonly ackWaitMs: number
  /** Tell the server that the lease goes on. */
  renew(lease: Lease): void
  /** The time of a lease is over, and nothing came of it. */
  timedOut(lease: Lease): void
}

/**
 * A message that the server has given to us. How long it is ours is known here: the server does not know that leases can be of
 * different lengths, and takes an acknowledgement from whoever had the message once. So the lease ends here a little before
 * it does there, the message is given back then, and no acknowledgement leaves after that.
 */
export class Lease {
  /** Where acknowledgements go. It also tells what the message is. */
  readonly reply: string
  readonly attempt: number
  readonly seq: number
  readonly #message: Msg
  readonly #owner: LeaseOwner
  readonly #storedAt: number
  #until: number
  #heardAt: number
  #over: IpcError | undefined
  #onLost: ((why: IpcError) => void) | undefined

  constructor(owner: LeaseOwner, message: Msg, leaseMs: number) {
    const { seq, deliveries, storedAt } = parsedReply(message.reply ?? '')
    this.#owner = owner
    this.#message = message
    this.reply = message.reply ?? ''
    this.seq = seq
    this.attempt = deliveries
    this.#storedAt = storedAt
    this.#heardAt = performance.now()
    this.#until = this.#heardAt + leaseMs
  }

  /** Why it is over. */
  get over(): IpcError | undefined {
    return this.#over
  }

  /** When something has to be done about it. */
  get dueAt(): number {
    return Math.min(this.#until, this.#heardAt + this.#owner.ackWaitMs / 2)
  }

  get leftMs(): number {
    return this.#until - performance.now()
  }

  /** As the application sees it. */
  read(): ReadableMessage {
    const { headers, data } = this.#message
    return readMessage({ seq: this.seq, storedAt: this.#storedAt, headers, payload: data }, this.attempt - 1)
  }

  /** Hear when it ends by itself. */
  onLost(listener: (why: IpcError) => void): void {
    this.#onLost = listener
  }

  /** It ends so many milliseconds from now. The caller tells the server. */
  extend(ms: number): void {
    this.#until = performance.now() + ms
    this.#heardAt = performance.now()
  }

  /** It ends so many milliseconds from now, if not before; the server need not know. */
  limit(ms: number): void {
    this.#until = Math.min(this.#until, performance.now() + ms)
  }

  /** Do what is due. */
  check(now: number): void {
    if (this.#over !== undefined) return
    if (now >= this.#until) {
      this.lose(new IpcError('IPC_LEASE_LOST', 'the time of the lease is over'))
      this.#owner.timedOut(this)
    } else if (now >= this.dueAt) {
      this.#heardAt = now
      // One that ends well before the server gives up needs no renewal.
      if (this.#until > now + this.#owner.ackWaitMs / 2 - LEASE_MARGIN_MS) this.#owner.renew(this)
    }
  }

  /** It is settled: nothing more is due. */
  end(why: IpcError): void {
    this.#over ??= why
  }

  /** It has ended by itself. */
  lose(why: IpcError): void {
    if (this.#over !== undefined) return
    this.#over = why
    this.#onLost?.(why)
  }
}

/** `$JS.ACK.[domain.account.]stream.consumer.deliveries.seq.place.nanoseconds.pending[.token]` */
function parsedReply(reply: string): { seq: number; deliveries: number; storedAt: number } {
  const tokens = reply.split('.')
  const first = tokens.length === 9 ? 4 : 6
  return {
    deliveries: Number(tokens[first]),
    seq: Number(tokens[first + 1]),
    storedAt: Math.trunc(Number(tokens[first + 3]) / 1e6),
  }
}
