import { IpcError, type Peer, type SendOptions } from '@ipc/core'
import { Fifo, type Limits, type Link, type LinkEvents, MESSAGE_OVERHEAD_BYTES } from '@ipc/core/internal'
import type { Batch, Encoder, Packer } from './batch.js'
import { bytesPacker } from './bytes-packer.js'
import { clonePacker } from './clone-packer.js'
import { type Envelope, type Greeting, isSize, readError } from './envelope.js'
import { type MessageLimit, messageLimit } from './message-limit.js'
import type { Lane } from './port-hub.js'
import { unpackBytes, unpackClones } from './unpack.js'

/** A batch is posted before the tick ends when it has become this large, so that the peer can begin. */
const BATCH_BYTES = 64 * 1024

/** How long nothing has to come any more from a peer that has ended, where the port does not tell of its end. */
const LAST_WORDS_MS = 50

/** Credit goes back once this share of the window is due. */
const REPAY_SHARE = 1 / 4

/** What both sides have agreed on. */
export interface LinkTerms<Out> {
  readonly transport: string
  readonly codec: Encoder<Out> | undefined
  readonly limits: Limits
  /** What the other side said of itself. */
  readonly greeting: Greeting
  /** Whether the channel carries only JSON. */
  readonly asText: boolean
}

/**
 * The link of one connection over a port.
 *
 * Sending: messages are copied or encoded into a batch at once; the batch is posted in a microtask if the peer's credit
 * allows, else it waits. A batch larger than the peer's window is posted when next to nothing else is under way.
 * Receiving: whatever comes is delivered; credit for it goes back a quarter of the window at a time, and not while the
 * core has no room.
 */
export class PortLink<Out> implements Link<Out> {
  readonly peer: Peer
  congested = false
  bufferedMessages = 0
  bufferedBytes = 0
  bytesSent = 0
  readonly #lane: Lane
  readonly #events: LinkEvents
  readonly #limits: Limits
  readonly #limit: MessageLimit
  readonly #encoded: boolean
  readonly #asText: boolean
  readonly #packer: Packer<Out>
  readonly #batchBytes: number
  /** A batch that costs more only waits for this much credit. */
  readonly #mostNeeded: number
  readonly #sealed = new Fifo<Batch>()
  #credit: number
  #owed = 0
  #paused = false
  #ending = false
  #destroyed = false
  #scheduled = false
  #failure: IpcError | undefined
  #unwatch: (() => void) | undefined
  /** What the peer has posted, counted; see `#gone`. */
  #taken = 0

  constructor(lane: Lane, events: LinkEvents, terms: LinkTerms<Out>) {
    const { transport, codec, limits, greeting, asText } = terms
    this.peer = { transport, ...lane.port.peer }
    this.#lane = lane
    this.#events = events
    this.#limits = limits
    this.#limit = messageLimit(limits.maxMessageBytes, greeting.maxMessageBytes)
    this.#encoded = codec !== undefined
    this.#asText = asText
    this.#packer = codec === undefined ? clonePacker(this.#limit) : bytesPacker(codec, this.#limit, asText)
    this.#credit = greeting.windowBytes
    this.#batchBytes = Math.min(BATCH_BYTES, greeting.windowBytes / 2)
    // The peer may keep less than a quarter to itself: more than this does not come.
    this.#mostNeeded = greeting.windowBytes * (1 - REPAY_SHARE)
    const { life } = greeting
    if (life !== undefined) this.#unwatch = lane.port.life?.watch(life, () => this.#gone())
    lane.handTo({
      envelope: (envelope) => this.#take(envelope),
      lost: (error) => events.lost(error),
    })
  }

  send(message: Out, options: SendOptions | undefined): boolean {
    const packer = this.#packer
    const bytes = packer.add(message, options?.transfer)
    this.bufferedMessages++
    this.bufferedBytes += bytes + MESSAGE_OVERHEAD_BYTES
    this.bytesSent += bytes
    if (packer.cost >= this.#batchBytes) {
      this.#sealed.push(packer.take())
      this.#pump()
    }
    if (this.bufferedBytes > this.#credit || this.bufferedBytes >= this.#limits.highWaterMarkBytes) {
      this.congested = true
    }
    this.#schedule()
    return !this.congested
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#repay()
  }

  end(): void {
    this.#ending = true
    this.#schedule()
  }

  destroy(abort: IpcError | undefined): void {
    this.#destroyed = true
    this.#unwatch?.()
    this.#sealed.clear()
    const told = abort ?? this.#failure
    if (told !== undefined) this.#lane.post('abort', [told.toJSON()])
    this.#lane.release()
  }

  ref(): void {
    this.#lane.ref()
  }

  unref(): void {
    this.#lane.unref()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    queueMicrotask(this.#flush)
  }

  readonly #flush = (): void => {
    this.#scheduled = false
    if (this.#destroyed) return
    this.#pump()
    this.#settle()
  }

  /** Post what the credit allows. */
  #pump(): void {
    const sealed = this.#sealed
    const packer = this.#packer
    for (
      let next: { readonly cost: number } = sealed.peek() ?? packer;
      next.cost > 0;
      next = sealed.peek() ?? packer
    ) {
      if (this.#credit < Math.min(next.cost, this.#mostNeeded)) return
      const batch = sealed.shift() ?? packer.take()
      this.bufferedMessages -= batch.messages
      this.bufferedBytes -= batch.cost
      this.#credit -= batch.cost
      this.#post(batch)
    }
  }

  #post(batch: Batch): void {
    try {
      this.#lane.post(batch.kind, batch.payload, batch.transfer)
    } catch (cause) {
      const singles = batch.messages > 1 ? batch.singly() : []
      for (const single of singles) this.#post(single)
      if (singles.length === 0) this.#fail('IPC_ENCODE_FAILED', 'a message could not be posted', cause)
    }
  }

  /** Report what became possible. */
  #settle(): void {
    if (this.bufferedMessages > 0) return
    if (this.congested) {
      this.congested = false
      this.#events.flowing()
    }
    if (!this.#ending || this.#destroyed) return
    this.#ending = false
    this.#lane.post('end', [], undefined, () => {
      if (!this.#destroyed) this.#events.ended()
    })
  }

  /** An envelope of the peer. */
  #take(envelope: Envelope): void {
    const [, kind, , first] = envelope
    this.#taken++
    switch (kind) {
      case 'clones':
      case 'bytes':
        this.#deliver(envelope)
        break
      case 'credit':
        if (isSize(first)) this.#credited(first)
        else this.#fail('IPC_PROTOCOL', `credit of ${String(first)} bytes`)
        break
      case 'end':
        this.#events.peerEnded()
        break
      case 'abort':
        this.#aborted(readError(first))
        break
      default:
        this.#fail('IPC_PROTOCOL', `envelope of kind ${JSON.stringify(kind)} on an open connection`)
    }
  }

  /** The peer has ended. What it had posted before may still be on its way: nothing orders the two. */
  #gone(taken: number = -1): void {
    if (this.#destroyed) return
    if (taken === this.#taken)
      this.#events.lost(new IpcError('IPC_PEER_LOST', 'the other page or worker has ended'))
    else setTimeout(() => this.#gone(this.#taken), LAST_WORDS_MS)
  }

  #deliver(envelope: Envelope): void {
    const encoded = envelope[1] === 'bytes'
    const fault =
      encoded !== this.#encoded
        ? 'a batch is not of the form agreed on'
        : encoded
          ? unpackBytes(envelope, this.#asText, this.#limits.maxMessageBytes, this.#deliverEncoded)
          : unpackClones(envelope, this.#limits.maxMessageBytes, this.#deliverValue)
    if (fault === undefined) this.#repay()
    else this.#fail('IPC_PROTOCOL', fault)
  }

  readonly #deliverEncoded = (source: Uint8Array, start: number, end: number): void => {
    this.#owed += end - start + MESSAGE_OVERHEAD_BYTES
    this.#events.deliverEncoded(source, start, end)
  }

  readonly #deliverValue = (message: unknown, bytes: number): void => {
    this.#owed += bytes + MESSAGE_OVERHEAD_BYTES
    this.#events.deliver(message, bytes)
  }

  /** Return credit for what was delivered. */
  #repay(): void {
    if (this.#paused || this.#destroyed || this.#owed < this.#limits.highWaterMarkBytes * REPAY_SHARE) return
    this.#lane.post('credit', [this.#owed])
    this.#owed = 0
  }

  #credited(bytes: number): void {
    this.#credit += bytes
    this.#pump()
    this.#settle()
  }

  #aborted(reason: IpcError): void {
    const code = reason.code === 'IPC_PROTOCOL' ? 'IPC_PROTOCOL' : 'IPC_ABORTED'
    this.#events.lost(new IpcError(code, `the peer aborted: ${reason.message}`, { details: reason.details }))
  }

  /** End the connection, in a microtask: this may be within a call of the core. */
  #fail(code: 'IPC_ENCODE_FAILED' | 'IPC_PROTOCOL', what: string, cause?: unknown): void {
    if (this.#failure !== undefined) return
    const reason = cause === undefined ? '' : `: ${cause instanceof Error ? cause.message : String(cause)}`
    const error = new IpcError(code, `${what}${reason}`, { cause })
    this.#failure = error
    queueMicrotask(() => {
      if (!this.#destroyed) this.#events.lost(error)
    })
  }
}
