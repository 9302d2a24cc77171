import { IpcError } from '@ipc/core'
import type { Region } from '../region/region.js'
import { MAX_RING_BYTES, MIN_RING_BYTES, RING_RECORDS_EVENT, RING_ROOM_EVENT } from '../ring/ring-layout.js'
import { SpscReader } from '../ring/spsc-reader.js'
import { SpscWriter } from '../ring/spsc-writer.js'
import {
  ATTACHED,
  CLAIMED,
  FRESH,
  PAIR,
  PAIR_CAPACITY,
  PAIR_STATE,
  pairBytes,
  ringOffset,
  SIDE_A,
  SIDE_B,
  SIDE_BELL,
  SIDE_CODEC,
  SIDE_CODEC_BYTES,
  SIDE_CODEC_MAX_BYTES,
  SIDE_MAX_MESSAGE_BYTES,
  SIDE_STATE,
} from './pair-layout.js'
import { ParkedFlag } from './parked-flag.js'

/** What a side tells the other when it attaches. */
export interface SideFacts {
  readonly codec: string
  readonly maxMessageBytes: number
}

/** One side of the pair of rings of a connection. */
export class Pair {
  readonly region: Region
  /** Records for the peer. */
  readonly out: SpscWriter
  /** Records of the peer. */
  readonly in: SpscReader
  /** Whether the peer sleeps until there are records. */
  readonly peerWaits: ParkedFlag
  /** Whether the peer sleeps until there is room for its records. */
  readonly peerIsFull: ParkedFlag
  /** Whether this side sleeps until there are records. */
  readonly waits: ParkedFlag
  /** Whether this side sleeps until there is room. */
  readonly isFull: ParkedFlag
  readonly #words: Int32Array
  readonly #own: number
  readonly #peer: number

  private constructor(region: Region, side: 0 | 1) {
    this.region = region
    this.#words = wordsOf(region)
    this.#own = side === 0 ? SIDE_A : SIDE_B
    this.#peer = side === 0 ? SIDE_B : SIDE_A
    const capacity = this.#words[PAIR_CAPACITY >> 2] ?? 0
    const { buffer, bytes } = region
    const out = ringOffset(capacity, side)
    const incoming = ringOffset(capacity, side === 0 ? 1 : 0)
    this.out = new SpscWriter(buffer, bytes.byteOffset + out, capacity)
    this.in = new SpscReader(buffer, bytes.byteOffset + incoming, capacity)
    this.peerWaits = new ParkedFlag(this.#words, out + RING_RECORDS_EVENT)
    this.isFull = new ParkedFlag(this.#words, out + RING_ROOM_EVENT)
    this.waits = new ParkedFlag(this.#words, incoming + RING_RECORDS_EVENT)
    this.peerIsFull = new ParkedFlag(this.#words, incoming + RING_ROOM_EVENT)
  }

  /**
   * Take a free side of the pair in `region`; the first to come lays out the rings, as large as fit.
   *
   * @throws IpcError `IPC_ADDRESS_IN_USE` when both sides are taken. RangeError when the region is too small.
   */
  static claim(region: Region): Pair {
    const words = wordsOf(region)
    const capacity = largestCapacity(region.bytes.length)
    // Two firsts write the same number, and the state only after it: whoever sees PAIR sees the capacity.
    Atomics.compareExchange(words, PAIR_CAPACITY >> 2, FRESH, capacity)
    const state = Atomics.compareExchange(words, PAIR_STATE >> 2, FRESH, PAIR)
    if (state !== FRESH && state !== PAIR) {
      throw new IpcError(
        'IPC_PROTOCOL',
        'this region holds objects or raw bytes: use one of its own for a connection',
      )
    }
    for (const side of [0, 1] as const) {
      const state = ((side === 0 ? SIDE_A : SIDE_B) + SIDE_STATE) >> 2
      if (Atomics.compareExchange(words, state, FRESH, CLAIMED) === FRESH) return new Pair(region, side)
    }
    throw new IpcError(
      'IPC_ADDRESS_IN_USE',
      'both sides of this region are taken: a region carries one connection',
    )
  }

  /** Tell the facts about this side and be attached. */
  attach({ codec, maxMessageBytes }: SideFacts): void {
    const words = this.#words
    const name = new TextEncoder().encode(codec).subarray(0, SIDE_CODEC_MAX_BYTES)
    this.region.bytes.set(name, this.#own + SIDE_CODEC)
    words[(this.#own + SIDE_CODEC_BYTES) >> 2] = name.length
    words[(this.#own + SIDE_MAX_MESSAGE_BYTES) >> 2] = maxMessageBytes
    // Release: pairs with the load in peerAttached().
    Atomics.store(words, (this.#own + SIDE_STATE) >> 2, ATTACHED)
  }

  /** Set this side's state; the peer learns of it when it looks. */
  setState(state: number): void {
    Atomics.store(this.#words, (this.#own + SIDE_STATE) >> 2, state)
  }

  /** The peer's state. Acquire: pairs with the store in attach() and setState(). */
  get peerState(): number {
    return Atomics.load(this.#words, (this.#peer + SIDE_STATE) >> 2)
  }

  /** What the peer told when it attached. */
  get peerFacts(): SideFacts {
    const words = this.#words
    const length = Math.min(words[(this.#peer + SIDE_CODEC_BYTES) >> 2] ?? 0, SIDE_CODEC_MAX_BYTES)
    const start = this.#peer + SIDE_CODEC
    // A copy: decoders refuse shared memory.
    const name = this.region.bytes.slice(start, start + Math.max(0, length))
    return {
      codec: new TextDecoder().decode(name),
      maxMessageBytes: words[(this.#peer + SIDE_MAX_MESSAGE_BYTES) >> 2] ?? 0,
    }
  }

  /** The int32 array and the indexes in it of the two bells: the word that the other side changes to wake one. */
  get bells(): { readonly words: Int32Array; readonly own: number; readonly peer: number } {
    return {
      words: this.#words,
      own: (this.#own + SIDE_BELL) >> 2,
      peer: (this.#peer + SIDE_BELL) >> 2,
    }
  }
}

/**
 * Check that both sides speak the same codec.
 *
 * @throws IpcError `IPC_PROTOCOL` naming both.
 */
export function checkPeer(own: SideFacts, peer: SideFacts): void {
  const ownName = new TextDecoder().decode(
    new TextEncoder().encode(own.codec).subarray(0, SIDE_CODEC_MAX_BYTES),
  )
  if (peer.codec !== ownName) {
    throw new IpcError(
      'IPC_PROTOCOL',
      `the two sides use different codecs: ${own.codec} here, ${peer.codec} there`,
      { details: { codec: own.codec, peerCodec: peer.codec } },
    )
  }
}

function wordsOf(region: Region): Int32Array {
  const { buffer, byteOffset, length } = region.bytes
  return new Int32Array(buffer, byteOffset, length >> 2)
}

function largestCapacity(payloadBytes: number): number {
  let capacity = MAX_RING_BYTES
  while (capacity >= MIN_RING_BYTES && pairBytes(capacity) > payloadBytes) capacity /= 2
  if (capacity < MIN_RING_BYTES) {
    throw new RangeError(
      `a region for a connection needs at least ${pairBytes(MIN_RING_BYTES)} bytes, this one has ${payloadBytes}`,
    )
  }
  return capacity
}
