import type { Socket } from 'node:net'
import { LONGEST_MS } from '../check-number.js'
import type { Piece } from './piece.js'
import { PieceQueue } from './piece-queue.js'
import type { Toxic } from './toxic.js'
import { ToxicChain } from './toxic-chain.js'
import { wasReset } from './was-reset.js'

/** What waits in one direction of a connection, beside the buffers of its sockets, before its source is not read. */
const QUEUE_LIMIT_BYTES = 64 * 1024

/** What a {@link Flow} needs. */
export interface FlowInit {
  readonly source: Socket
  /** The receiver first, then who gets a copy. */
  readonly sinks: readonly [Socket, ...Socket[]]
  /** Says, with the toxic's place, which random numbers a toxic gets. */
  readonly key: readonly number[]
  readonly toxics: readonly Toxic[]
  readonly paused: boolean
  /** Told what is passed on. */
  readonly passed: (piece: Piece) => void
  /** Resets the connection. */
  readonly reset: () => void
  /** Told of bytes for a receiver that is gone. */
  readonly bounced: () => void
}

/**
 * One direction of a connection: what the source sends goes through the toxics, waits until it is due and the receiver
 * has room, and is written. One timer is enough, because nothing overtakes.
 */
export class Flow {
  bytes = 0
  readonly #init: FlowInit
  readonly #queue = new PieceQueue()
  #chain: ToxicChain
  #chains = 0
  #timer: NodeJS.Timeout | undefined
  #turn: NodeJS.Immediate | undefined
  #reading = false
  #paused: boolean
  #ended = false
  /** By a toxic, at once whatever waits. */
  #resetDemanded = false
  #stopped = false

  constructor(init: FlowInit) {
    this.#init = init
    this.#paused = init.paused
    this.#chain = this.#startChain(init.toxics)
    const { source } = init
    source.pause()
    source.on('data', (bytes: Buffer) => this.#take({ kind: 'bytes', bytes, alone: false, dueMs: now() }))
    source.on('end', () => {
      if (wasReset(source)) this.sourceBroke()
      else this.#take({ kind: 'end', dueMs: now() })
    })
    this.#advance()
  }

  /** The source is broken. */
  sourceBroke(): void {
    this.#take({ kind: 'reset', overtakes: true, dueMs: now() })
  }

  /** Replace the toxics. What they held back goes through the new ones. */
  setToxics(toxics: readonly Toxic[]): void {
    if (this.#stopped) return
    this.#chain.stop()
    const waiting = this.#queue.takeAll()
    this.#chain = this.#startChain(toxics)
    for (const piece of waiting) this.#chain.push({ ...piece, dueMs: now() })
    this.#advance()
  }

  /** Nothing is read and nothing written. */
  pause(): void {
    this.#paused = true
    this.#advance()
  }

  resume(): void {
    this.#paused = false
    this.#advance()
  }

  /** What waits is dropped, and no timer is left. */
  stop(): void {
    this.#stopped = true
    this.#chain.stop()
    this.#queue.takeAll()
    clearTimeout(this.#timer)
    clearImmediate(this.#turn)
  }

  #startChain(toxics: readonly Toxic[]): ToxicChain {
    const out = (piece: Piece): void => this.#queue.add(piece)
    const reset = (): void => {
      this.#resetDemanded = true
      this.#advance()
    }
    return new ToxicChain({ toxics, key: [...this.#init.key, this.#chains++], out, reset })
  }

  #take(piece: Piece): void {
    if (this.#stopped) return
    this.#chain.push(piece)
    this.#advance()
  }

  /** Write what may be written, and read if there is room. */
  #advance(): void {
    if (this.#stopped) return
    clearTimeout(this.#timer)
    if (this.#resetDemanded && !this.#paused) this.#reset()
    while (!this.#stopped && !this.#paused && this.#turn === undefined) {
      const piece = this.#nextPiece()
      if (piece === undefined) break
      this.#pass(piece)
    }
    if (this.#stopped) return
    this.#read(!this.#paused && this.#queue.bytes < QUEUE_LIMIT_BYTES)
  }

  /** What is due and finds room. If there is something that is not due, a timer. */
  #nextPiece(): Piece | undefined {
    const { first, last } = this.#queue
    if (first === undefined || last === undefined) return undefined
    if (this.#hasRoom(first)) {
      const waitMs = first.dueMs - now()
      if (waitMs <= 0) {
        this.#queue.removeFirst()
        return first
      }
      if (waitMs < Number.POSITIVE_INFINITY) this.#advanceAfter(waitMs)
      return undefined
    }
    if (last.kind !== 'reset' || !last.overtakes) return undefined
    const waitMs = last.dueMs - now()
    if (waitMs <= 0) return last
    if (waitMs < Number.POSITIVE_INFINITY) this.#advanceAfter(waitMs)
    return undefined
  }

  #advanceAfter(waitMs: number): void {
    this.#timer = setTimeout(() => this.#advance(), Math.min(Math.ceil(waitMs), LONGEST_MS))
  }

  /** Ends wait until the system has the bytes before them. */
  #hasRoom(piece: Piece): boolean {
    if (piece.kind === 'bytes') return this.#init.sinks.every((sink) => !sink.writableNeedDrain)
    return this.#init.sinks.every((sink) => sink.destroyed || sink.writableLength === 0)
  }

  #pass(piece: Piece): void {
    const { sinks, passed, bounced } = this.#init
    if (piece.kind === 'reset') this.#reset()
    else if (sinks[0].destroyed) bounced()
    else if (this.#ended) return
    else if (piece.kind === 'end') {
      this.#ended = true
      passed(piece)
      for (const sink of sinks) sink.end()
    } else this.#write(piece.bytes, piece.alone)
  }

  #reset(): void {
    this.#init.passed({ kind: 'reset', overtakes: true, dueMs: now() })
    this.#init.reset()
  }

  #write(bytes: Buffer, alone: boolean): void {
    this.bytes += bytes.length
    this.#init.passed({ kind: 'bytes', bytes, alone, dueMs: now() })
    const written = (): void => {
      if (this.#queue.first !== undefined) this.#advance()
    }
    for (const sink of this.#init.sinks) if (!sink.destroyed) sink.write(bytes, written)
    if (!alone) return
    this.#turn = setImmediate(() => {
      this.#turn = undefined
      this.#advance()
    })
  }

  #read(wanted: boolean): void {
    if (this.#reading === wanted) return
    this.#reading = wanted
    if (wanted) this.#init.source.resume()
    else this.#init.source.pause()
  }
}

function now(): number {
  return performance.now()
}
