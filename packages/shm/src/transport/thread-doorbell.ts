import { IpcError } from '@ipc/core'
import type { Doorbell, DoorbellEvents } from './doorbell.js'
import type { Pair } from './pair.js'
import { ABORTED } from './pair-layout.js'

/**
 * Something that tells when the other thread is gone: a `Worker` (event `exit`), or a `MessagePort` whose other
 * end the thread holds, `parentPort` in a worker (event `close`).
 */
export interface ThreadPeer {
  once(event: 'exit' | 'close', listener: () => void): unknown
  off(event: 'exit' | 'close', listener: () => void): unknown
}

/** `setInterval` takes no longer period. */
const LONGEST_PERIOD_MS = 2 ** 31 - 1

/** A doorbell between threads: `Atomics.notify` on a word of the region, awaited with `Atomics.waitAsync`. */
export function threadDoorbell(pair: Pair, peer: ThreadPeer | undefined): Doorbell {
  return new ThreadDoorbell(pair, peer)
}

class ThreadDoorbell implements Doorbell {
  readonly #pair: Pair
  readonly #peer: ThreadPeer | undefined
  readonly #words: Int32Array
  readonly #own: number
  readonly #other: number
  readonly #onPeerGone = (): void => {
    this.#gone(new IpcError('IPC_PEER_LOST', 'the peer thread is gone'))
  }
  // A pending Atomics.waitAsync does not keep the event loop alive, a timer does.
  readonly #alive = setInterval(() => {}, LONGEST_PERIOD_MS)
  #events: DoorbellEvents | undefined
  #waiting = false

  constructor(pair: Pair, peer: ThreadPeer | undefined) {
    this.#pair = pair
    this.#peer = peer
    const { words, own, peer: other } = pair.bells
    this.#words = words
    this.#own = own
    this.#other = other
  }

  start(events: DoorbellEvents): void {
    if (this.#events === undefined) {
      this.#peer?.once('exit', this.#onPeerGone)
      this.#peer?.once('close', this.#onPeerGone)
    }
    this.#events = events
  }

  arm(): void {
    if (this.#events === undefined) return
    if (!this.#waiting) {
      // The value before anybody looks at the memory: a ring after that changes it, and the wait does not begin.
      // Pairs with the add in ring().
      const wait = Atomics.waitAsync(this.#words, this.#own, Atomics.load(this.#words, this.#own))
      if (wait.async) {
        this.#waiting = true
        void wait.value.then(() => {
          this.#waiting = false
          this.#rung()
        })
      } else queueMicrotask(() => this.#rung())
    }
    // An abort rang while nobody waited, perhaps: the state stays, the ring is gone.
    if (this.#pair.peerState === ABORTED) queueMicrotask(() => this.#rung())
  }

  ring(): void {
    // Pairs with the load in arm().
    Atomics.add(this.#words, this.#other, 1)
    Atomics.notify(this.#words, this.#other)
  }

  close(abort: boolean): void {
    this.#stop()
    if (abort) this.#pair.setState(ABORTED)
    this.ring()
    // Settle the own wait too, or it would stay until the thread ends.
    Atomics.add(this.#words, this.#own, 1)
    Atomics.notify(this.#words, this.#own)
  }

  ref(): void {
    if (this.#events !== undefined) this.#alive.ref?.()
  }

  unref(): void {
    this.#alive.unref?.()
  }

  #rung(): void {
    if (this.#pair.peerState === ABORTED) {
      this.#gone(new IpcError('IPC_ABORTED', 'connection was aborted by the peer'))
    } else this.#events?.rung()
  }

  #gone(error: IpcError): void {
    const events = this.#events
    this.#stop()
    events?.gone(error)
  }

  #stop(): void {
    this.#events = undefined
    clearInterval(this.#alive)
    this.#peer?.off('exit', this.#onPeerGone)
    this.#peer?.off('close', this.#onPeerGone)
  }
}
