import type { FarPlace, NearPlace } from '../pair/pair.js'

/** What travels over the connections of a link. */
export interface LinkShape {
  readonly messageBytes: number
  /** What may be under way on each connection: of ours and of the peers alike. */
  readonly windowBytes: number
}

/** One side of one connection, of whatever system. */
export interface End {
  /**
   * Send a message, whose memory may be overwritten afterwards. Returns false when there is enough under way: then nothing
   * more before `drained`.
   */
  send(message: Uint8Array): boolean
  drained(): Promise<void>
  /** Nothing more comes for now: what was collected for a larger write has to leave. */
  flush(): void
  /** Called with each message that came in, which begins at `bytes[at]` and is valid until `listener` returns. */
  onMessage(listener: (bytes: Uint8Array, at: number) => void): void
  /** Send back what comes in. */
  echo(): void
}

/** All connections of one side. Both sides open and close the same ones in the same order. */
export interface Side {
  /** Open so many more. */
  open(count: number): Promise<readonly End[]>
  /** Close all, and what they need. */
  close(): Promise<void>
}

/** A system that the cases of sockets measure. */
export interface Link {
  near(place: NearPlace, shape: LinkShape): Promise<Side>
  far(place: FarPlace, shape: LinkShape): Promise<Side>
}

/** What hands out what it is given, in that order, to those who ask before or after. */
export class Arrivals<T> {
  readonly #arrived: T[] = []
  #waiting: ((next: T) => void) | undefined

  readonly put = (next: T): void => {
    if (this.#waiting === undefined) this.#arrived.push(next)
    else this.#waiting(next)
    this.#waiting = undefined
  }

  /** One at a time may ask. */
  next(): Promise<T> {
    const first = this.#arrived.shift()
    if (first !== undefined) return Promise.resolve(first)
    return new Promise((resolve) => {
      this.#waiting = resolve
    })
  }

  /** The next `count`. */
  async take(count: number): Promise<T[]> {
    const taken: T[] = []
    while (taken.length < count) taken.push(await this.next())
    return taken
  }
}
