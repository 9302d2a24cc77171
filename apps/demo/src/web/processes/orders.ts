import type { LinkTransport, Pace, RaceGuard, ValueGuard } from '../protocol.js'

/** What a process of the lab is told by its supervisor: requests, each answered by a report of its state. */
export type Order =
  | { readonly type: 'report' }
  | { readonly type: 'pace'; readonly pace: Pace }
  | { readonly type: 'step' }
  | { readonly type: 'size'; readonly bytes: number }
  | { readonly type: 'connect'; readonly address: string }
  | { readonly type: 'send'; readonly count: number; readonly bad: boolean }
  | { readonly type: 'race'; readonly guard: RaceGuard; readonly count: number }
  | { readonly type: 'write'; readonly guard: ValueGuard }
  | { readonly type: 'look'; readonly guard: ValueGuard; readonly count: number }
  | { readonly type: 'sweep'; readonly transports: readonly string[] }
  | { readonly type: 'finish' }

/** What a process says unasked. */
export type News =
  /** Another one has died. `at`: milliseconds since 1970. */
  | { readonly type: 'lost'; readonly pid: number | undefined; readonly as: string; readonly at: number }
  /** A race, or all looks at a value, are over. */
  | { readonly type: 'done'; readonly at: number }
  | { readonly type: 'sweeping'; readonly transport: string; readonly bytes: number }
  | {
      readonly type: 'point'
      readonly transport: string
      readonly bytes: number
      readonly messagesPerSecond: number
      readonly megabytesPerSecond: number
      readonly intact: boolean
    }
  | { readonly type: 'sweep failed'; readonly transport: string; readonly message: string }
  | { readonly type: 'sweep done' }

/** What a process of the lab is. */
export type Role =
  | 'ring-writer'
  | 'ring-reader'
  | 'link-sender'
  | 'link-receiver'
  | 'queue-sender'
  | 'queue-receiver'
  | 'racer'
  | 'value-writer'
  | 'value-reader'
  | 'sweep'

/** What a process of the lab is started with. */
export interface Job {
  /** The directory of the panel, for names, sockets and queues. */
  readonly scratch: string
  /** Counts those that were started under the same name. */
  readonly generation: number
  readonly transport?: LinkTransport | undefined
  /** How fast it is from the start; it waits to be told if that is missing. */
  readonly pace?: Pace | undefined
}

/** The time of this machine, in milliseconds since 1970, finer than `Date.now()`. */
export function clock(): number {
  return performance.timeOrigin + performance.now()
}
