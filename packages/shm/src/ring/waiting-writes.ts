import { isIpcError, type WaitOptions } from '@ipc/core'
import { startWait, type Wait } from '@ipc/core/internal'

interface WaitingWrite {
  readonly payload: Uint8Array
  readonly kind: number
  readonly wait: Wait<void>
}

/** What {@link WaitingWrites} needs of a ring. */
export interface WaitingWritesInit {
  /** Write one record; false when the ring is full. */
  tryWrite(payload: Uint8Array, kind: number): boolean
  /** Wait until there is room, or `signal` is aborted; or for some time: it is tried again then. */
  room(signal: AbortSignal): Promise<void>
}

/** Writes of one producer that wait for room: done in the order of the calls, each ended by its own time and signal. */
export class WaitingWrites {
  readonly #ring: WaitingWritesInit
  readonly #writes = new Set<WaitingWrite>()
  #isRunning = false
  /** Ends the wait for room, which nobody needs any more. */
  #stop: AbortController | undefined

  constructor(ring: WaitingWritesInit) {
    this.#ring = ring
  }

  /** Whether none waits. */
  get isEmpty(): boolean {
    return this.#writes.size === 0
  }

  add(payload: Uint8Array, kind: number, options: WaitOptions): Promise<void> {
    const wait = startWait<void>('write', options, () => {
      this.#writes.delete(write)
      if (this.isEmpty) this.#stop?.abort()
    })
    const write: WaitingWrite = { payload, kind, wait }
    this.#writes.add(write)
    if (!this.#isRunning) void this.#run()
    return wait.promise
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    // Those that are added meanwhile come last, those that end are passed over.
    for (const write of this.#writes) {
      try {
        while (this.#writes.has(write) && !this.#ring.tryWrite(write.payload, write.kind)) await this.#room()
        if (this.#writes.delete(write)) write.wait.resolve()
      } catch (error) {
        if (this.#writes.delete(write)) write.wait.reject(error)
      }
    }
    this.#isRunning = false
  }

  async #room(): Promise<void> {
    const stop = new AbortController()
    this.#stop = stop
    try {
      await this.#ring.room(stop.signal)
    } catch (error) {
      if (!stop.signal.aborted && !isIpcError(error, 'IPC_TIMEOUT')) throw error
    }
  }
}
