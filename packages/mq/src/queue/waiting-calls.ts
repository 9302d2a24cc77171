import type { Demand } from './hosted-queue.js'
import { Refusal } from './refusal.js'

/** Bounds what one client can make the engine keep. */
const MAX_WAITING = 65_536
const MAX_WAITING_BYTES = 64 * 2 ** 20

/** A call that waits: for messages, or for room. */
export interface WaitingCall {
  readonly handle: number
  /** Of messages that are not in the queue yet. */
  readonly bytes: number
  readonly demand: Demand | undefined
  /** Leave the queue. Returns how many messages of a send are in it already, or -1 when there is nothing to leave. */
  cancel(): number
}

/** The calls of one client that wait, by request. */
export class WaitingCalls {
  readonly #calls = new Map<number, WaitingCall>()
  #bytes = 0

  get(request: number): WaitingCall | undefined {
    return this.#calls.get(request)
  }

  /** @throws Refusal when it is too much; the call is cancelled then. */
  add(request: number, call: WaitingCall): void {
    const bytes = this.#bytes + call.bytes
    const isTooMuch = this.#calls.size >= MAX_WAITING || (call.bytes > 0 && bytes > MAX_WAITING_BYTES)
    if (isTooMuch || this.#calls.has(request)) {
      call.cancel()
      throw new Refusal('IPC_QUEUE_FULL', `${this.#calls.size} calls of ${this.#bytes} bytes wait`)
    }
    this.#calls.set(request, call)
    this.#bytes = bytes
  }

  /** It has its answer; those of a stream go on. */
  answered(request: number): void {
    if (this.#calls.size === 0) return
    const call = this.#calls.get(request)
    if (call !== undefined && call.demand?.goesOn !== true) this.#remove(request, call)
  }

  /** Let a call wait no more; returns what its `cancel` does, -1 for one that does not wait. */
  cancel(request: number): number {
    const call = this.#calls.get(request)
    if (call === undefined) return -1
    const queued = call.cancel()
    this.#remove(request, call)
    return queued
  }

  /** What goes to the streams of a handle. */
  streamsOf(handle: number): Demand[] {
    const demands: Demand[] = []
    for (const { handle: other, demand } of this.#calls.values()) {
      if (other === handle && demand?.goesOn === true) demands.push(demand)
    }
    return demands
  }

  /** Let all calls of a handle wait no more; returns their requests. */
  cancelOf(handle: number): number[] {
    const requests = [...this.#calls].filter(([, call]) => call.handle === handle).map(([request]) => request)
    for (const request of requests) this.cancel(request)
    return requests
  }

  #remove(request: number, { bytes }: WaitingCall): void {
    this.#calls.delete(request)
    this.#bytes -= bytes
  }
}
