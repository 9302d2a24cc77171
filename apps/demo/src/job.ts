import type { IpcErrorCode } from '@ipc/core'
import type { Group } from './aggregate.js'
import type { InputFormat } from './input-file.js'
import type { Usage } from './measure.js'
import type { Shape } from './shape.js'
import type { Received } from './sink.js'
import type { SizeResult } from './sizes.js'

/**
 * The phases of a run: small messages one way, large ones one way, one message there and back at a time, messages of all
 * sizes.
 */
export type Phase = 'records' | 'blocks' | 'round trips' | 'sizes'

/** What P0 asks of P1: one transport. */
export interface P1Job {
  readonly transport: string
  readonly input: string
  readonly seconds: number
  /** Whether messages of all sizes are measured too, as a report needs it. */
  readonly sizes: boolean
  /** The directory of this run, for sockets and names. */
  readonly scratch: string
}

/** What P1 asks of P2: its side of one phase. */
export interface P2Job {
  readonly transport: string
  readonly phase: Phase
  readonly shape: Shape
  readonly scratch: string
}

/** What P2 tells P1, beside the link. */
export type P2Report =
  | { readonly type: 'ready'; readonly address: string }
  | { readonly type: 'received'; readonly received: Received; readonly usage: Usage }
  | { readonly type: 'failed'; readonly failure: Failure }

/** Why a run ended early. */
export interface Failure {
  /** Of the `IpcError`, if it is one. */
  readonly code: IpcErrorCode | undefined
  readonly message: string
}

/** What P1 tells P0. */
export type P1Report =
  /** The link is open. `p2` is `undefined` when it is a thread of P1. */
  | { readonly type: 'phase'; readonly phase: Phase; readonly p1: number; readonly p2: number | undefined }
  | { readonly type: 'progress'; readonly phase: Phase; readonly fraction: number; readonly messages: number }
  | { readonly type: 'done'; readonly run: TransportRun }
  | { readonly type: 'input error'; readonly message: string }
  | { readonly type: 'failed'; readonly failure: Failure }

/** Result of a phase that sends one way. */
export interface OneWay {
  readonly messages: number
  readonly bytes: number
  readonly rounds: number
  /** From the first send until P2 confirmed the last message. */
  readonly seconds: number
  /** Messages and digests of both sides are equal. */
  readonly intact: boolean
  readonly sentDigest: string
  readonly receivedDigest: string
  readonly received: number
  readonly p1: Usage
  /** `undefined` when P2 is a thread of P1's process, whose usage `p1` is then. */
  readonly p2: Usage | undefined
}

/** Result of one transport. */
export interface TransportRun {
  readonly input: InputSummary
  readonly records: OneWay
  readonly blocks: OneWay
  readonly roundTrip: RoundTrip
  /** Empty when that was not asked for. */
  readonly sizes: readonly SizeResult[]
  /** Median time from connect to open; `undefined` where the channel comes with the process. */
  readonly setUpMs: number | undefined
  readonly aggregate: Aggregate
}

/** How long a message there and back takes. */
export interface RoundTrip {
  readonly trips: number
  readonly p50Micros: number
  readonly p99Micros: number
  /** The whole distribution: so many of a hundred round trips took no longer. */
  readonly percentiles: readonly { readonly percent: number; readonly micros: number }[]
}

/** What was sent. */
export interface InputSummary {
  readonly name: string
  readonly format: InputFormat
  readonly shape: Shape
  readonly messages: number
  readonly bytes: number
}

/** What P2 found out, for one pass over the input. */
export interface Aggregate {
  readonly groups: readonly Group[]
  readonly groupCount: number
}
