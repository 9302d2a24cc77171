import type { Socket } from 'node:net'
import { encodeAck, encodeAlive, encodeClose, encodeCredit, MAX_CREDIT } from './frame.js'
import { type Encoder, type LogLimits, SendLog } from './send-log.js'
import { SocketWriter } from './socket-writer.js'

/** What collects before a write does not wait for the end of the tick. */
const FLUSH_BYTES = 65_536
/** About what one write takes of the messages: what is not a message need not wait for longer than that. */
const WRITE_BYTES = 262_144

/** What a {@link SendQueue} needs. */
export interface SendQueueInit<Out> {
  readonly codec: Encoder<Out>
  readonly limits: LogLimits
  /** Keep messages until the peer acknowledges them; otherwise until they are written. */
  readonly retains: boolean
  /** Called when less is buffered, or something was written. */
  onProgress(): void
}

/** Cheaper than `queueMicrotask`, which makes an async resource each time. */
const TICK: Promise<void> = Promise.resolve()

/**
 * Messages on their way into a socket: all of one tick in one write, and while the socket is busy, or the peer grants
 * no credit, all that comes meanwhile in the next ones. What is no message goes before them. Without a socket they wait.
 */
export class SendQueue<Out> {
  readonly log: SendLog<Out>
  /** Whether anything was written since this was set to false. */
  hasWritten = false
  readonly #retains: boolean
  readonly #onProgress: () => void
  #writer: SocketWriter | undefined
  #credit = 0
  /** Of what is being written. */
  #writingTaken = 0
  /** Of what was written before. */
  #writtenTaken = 0
  /** Acknowledged while it was being written: a part of it may have left. */
  #acknowledgedEarly = 0
  /** To go with the next write. */
  #grant = 0
  #ack = -1
  #alive = false
  #close: 'no' | 'wanted' | 'written' = 'no'
  #scheduled = false

  constructor({ codec, limits, retains, onProgress }: SendQueueInit<Out>) {
    this.log = new SendLog(codec, limits)
    this.#retains = retains
    this.#onProgress = onProgress
  }

  /** Write into `socket` from now on, what the peer does not have first. */
  attach(socket: Socket, credit: number): void {
    this.log.rewind()
    this.#acknowledgedEarly = 0
    this.#credit = credit
    this.#grant = 0
    this.#ack = -1
    this.#alive = false
    if (this.#close === 'written') this.#close = 'wanted'
    this.#writer = new SocketWriter(socket, () => this.#written())
    this.#flushSoon()
  }

  /** The socket is of no use any more. */
  detach(): void {
    this.#writer?.stop()
    this.#writer = undefined
  }

  /**
   * Encode a message and queue it; returns its size.
   *
   * @throws IpcError `IPC_MESSAGE_TOO_LARGE`, and what the codec throws. Nothing is queued then.
   */
  add(message: Out): number {
    const size = this.log.add(message)
    if (this.#credit > 0) this.#flushSoon()
    return size
  }

  /** CLOSE, behind the messages. */
  close(): void {
    this.#close = 'wanted'
    this.flush()
  }

  /** Whether all is written, CLOSE at last, and acknowledged where that is done. */
  get isFinished(): boolean {
    return this.#close === 'written' && this.#writer?.isBusy === false && this.log.messages === 0
  }

  /** The peer takes more. */
  addCredit(bytes: number): void {
    this.#credit += bytes
    this.#flushSoon()
  }

  /** Grant the peer more. */
  grant(bytes: number): void {
    this.#grant += bytes
    this.#flushSoon()
  }

  /** Tell the peer how many of its messages have come in. */
  ack(count: number): void {
    this.#ack = count
    this.#flushSoon()
  }

  /** Say something. */
  alive(): void {
    this.#alive = true
    this.flush()
  }

  /** The peer has so many messages. Returns false when it cannot. */
  acknowledged(count: number): boolean {
    if (
      count > this.log.taken ||
      count < Math.max(this.log.acknowledged, this.#acknowledgedEarly) ||
      !this.#retains
    )
      return false
    // The socket still reads the memory of the others: it must not become that of another connection's messages.
    const isWriting = this.#writer?.isBusy === true
    this.log.acknowledge(isWriting ? Math.min(count, this.#writtenTaken) : count)
    this.#acknowledgedEarly = isWriting ? count : 0
    this.#onProgress()
    return true
  }

  /** Write what may be written, unless the socket is busy: then its callback does. */
  flush(): void {
    while (this.#writer !== undefined && !this.#writer.isBusy) {
      const pieces = this.#next()
      if (pieces.length === 0) break
      this.hasWritten = true
      this.#writer.write(pieces)
      if (!this.#writer.isBusy) this.#settle()
    }
    this.#onProgress()
  }

  /** Forget what is queued. What the socket has already it keeps. */
  clear(): void {
    this.detach()
    this.log.clear()
  }

  #next(): Buffer[] {
    const pieces = this.#control()
    this.#writtenTaken = this.log.taken
    const messages = this.log.take(this.#credit, WRITE_BYTES)
    if (messages !== undefined) {
      this.#credit -= messages.cost
      pieces.push(...messages.pieces)
    }
    this.#writingTaken = this.log.taken
    if (this.#close === 'wanted' && this.log.untakenBytes === 0) {
      this.#close = 'written'
      pieces.push(encodeClose())
    }
    if (this.#alive && pieces.length === 0) pieces.push(encodeAlive())
    this.#alive = false
    return pieces
  }

  /** What overtakes the messages. */
  #control(): Buffer[] {
    const pieces: Buffer[] = []
    if (this.#ack >= 0) pieces.push(encodeAck(this.#ack))
    this.#ack = -1
    if (this.#grant > 0) {
      const granted = Math.min(this.#grant, MAX_CREDIT)
      this.#grant -= granted
      pieces.push(encodeCredit(granted))
    }
    return pieces
  }

  #settle(): void {
    if (!this.#retains) this.log.acknowledge(this.#writingTaken)
    else if (this.#acknowledgedEarly > this.log.acknowledged) this.log.acknowledge(this.#acknowledgedEarly)
  }

  #written(): void {
    this.#settle()
    this.flush()
  }

  #flushSoon(): void {
    if (this.#writer === undefined || this.#writer.isBusy) return
    if (this.log.untakenBytes >= FLUSH_BYTES) this.flush()
    else if (!this.#scheduled) {
      this.#scheduled = true
      void TICK.then(this.#flushScheduled)
    }
  }

  readonly #flushScheduled = (): void => {
    this.#scheduled = false
    this.flush()
  }
}
