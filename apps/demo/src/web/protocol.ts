import { z } from 'zod'
import { MAX_SEND, MESSAGE_BYTES, PER_SECOND, RECORD_BYTES } from './limits.js'

/** What page and server say to each other, as JSON over a WebSocket. The page imports types only. */

const panel = z.enum(['shared-memory', 'message-passing', 'queue', 'races', 'transports'])
const processName = z.enum(['P1', 'P2', 'sender', 'receiver'])
const perSecond = z.union([z.literal('max'), z.number().min(PER_SECOND.least).max(PER_SECOND.most)])

/** What a page may ask for. Everything that comes in is checked against it; what does not match is refused. */
export const commandSchema = z.discriminatedUnion('type', [
  /** Show another panel: the processes of the last one end, this one's start. */
  z.strictObject({ type: z.literal('open'), panel }),
  /** Pause, go on, or do it more or less often; what is left out stays as it is. */
  z.strictObject({
    type: z.literal('pace'),
    process: processName,
    paused: z.boolean().optional(),
    perSecond: perSecond.optional(),
  }),
  z.strictObject({ type: z.literal('step'), process: processName }),
  z.strictObject({
    type: z.literal('size'),
    bytes: z.int().min(RECORD_BYTES.least).max(MESSAGE_BYTES.most),
  }),
  /** SIGKILL. */
  z.strictObject({ type: z.literal('kill'), process: processName }),
  z.strictObject({ type: z.literal('start'), process: processName }),
  /** Let it end by itself. */
  z.strictObject({ type: z.literal('stop'), process: processName }),
  z.strictObject({ type: z.literal('over'), transport: z.enum(['unix', 'tcp', 'shm']) }),
  z.strictObject({ type: z.literal('send'), count: z.int().min(1).max(MAX_SEND), bad: z.boolean() }),
  z.strictObject({ type: z.literal('redrive') }),
  z.strictObject({ type: z.literal('race'), guard: z.enum(['none', 'mutex', 'atomics']) }),
  z.strictObject({ type: z.literal('look'), guard: z.enum(['none', 'seqlock']) }),
  z.strictObject({ type: z.literal('sweep'), transports: z.array(z.string().max(40)).min(1).max(20) }),
  z.strictObject({ type: z.literal('halt') }),
])

export type Command = z.infer<typeof commandSchema>
export type PanelName = z.infer<typeof panel>
export type ProcessName = z.infer<typeof processName>
export type RaceGuard = 'none' | 'mutex' | 'atomics'
export type ValueGuard = 'none' | 'seqlock'
export type LinkTransport = 'unix' | 'tcp' | 'shm'

/** How often a process does what it does; a paused one waits for single steps. */
export interface Pace {
  readonly paused: boolean
  readonly perSecond: number | 'max'
}

/** What the server says. */
export type ServerMessage =
  | { readonly type: 'state'; readonly state: PanelState }
  /** A command was not carried out. */
  | { readonly type: 'refused'; readonly message: string }

export type PanelState = SharedMemoryState | MessagePassingState | QueueState | RacesState | TransportsState

/** A process that the server has started. */
export interface ProcessState {
  readonly name: ProcessName
  readonly pid: number | undefined
  readonly status: 'starting' | 'running' | 'ending' | 'ended'
  /** Of one that ended: the signal or exit code. */
  readonly how: string | undefined
}

/** Something that happened, in words. */
export interface Notice {
  readonly id: number
  readonly text: string
}

/** How the death of a process was noticed. */
export interface Loss {
  readonly lost: string
  readonly pid: number
  readonly by: string
  /** How the other side saw it: an error code, or what it heard. */
  readonly as: string
  /** From SIGKILL until the other side knew. */
  readonly afterMs: number
  /** What the package promises, in words. */
  readonly promise: string
}

interface PanelBase {
  readonly processes: readonly ProcessState[]
  readonly notices: readonly Notice[]
}

/** A ring as it lies in memory. */
export interface RingSnapshot {
  readonly capacityBytes: number
  /** Positions, in bytes; they wrap as int32. */
  readonly head: number
  readonly tail: number
  /** Records between them: index in the record area, bytes with header, number; -1 for padding. */
  readonly records: readonly (readonly [index: number, bytes: number, sequence: number])[]
}

/** What the writing process says of itself. */
export interface WriterState {
  readonly pace: Pace
  readonly written: number
  /** How often it found no room. */
  readonly full: number
  /** A record that it has claimed and not committed. */
  readonly claim: { readonly index: number; readonly bytes: number; readonly filled: boolean } | undefined
}

/** What the reading process says of itself. */
export interface ReaderState {
  readonly pace: Pace
  readonly read: number
  /** Records that were not as they were written, and numbers that were missing between two of them. */
  readonly damaged: number
  readonly missing: number
}

export interface SharedMemoryState extends PanelBase {
  readonly panel: 'shared-memory'
  readonly recordBytes: number
  readonly ring: RingSnapshot
  readonly writer: WriterState
  readonly reader: ReaderState
  readonly loss: Loss | undefined
}

/** What the sending process says of itself. */
export interface SenderState {
  readonly pace: Pace
  readonly connected: boolean
  readonly sent: number
  /** Accepted by `send` and still in this process. */
  readonly buffered: number
  readonly bufferedBytes: number
  /** `send` has returned false, and `drained()` is awaited. */
  readonly waiting: boolean
  /** How often that was so. */
  readonly congestions: number
}

/** What the receiving process says of itself. */
export interface ReceiverState {
  readonly pace: Pace
  readonly connected: boolean
  readonly arrived: number
  /** Arrived and not yet taken by `receive`. */
  readonly unread: number
  readonly unreadBytes: number
  readonly taken: number
  readonly missing: number
}

export interface MessagePassingState extends PanelBase {
  readonly panel: 'message-passing'
  readonly transport: LinkTransport
  readonly messageBytes: number
  readonly sender: SenderState
  readonly receiver: ReceiverState
  /** Sent by one, not yet arrived at the other: in the hands of the system, or in the ring. */
  readonly underWay: number
  readonly loss: Loss | undefined
}

/** A message that lies in the queue. */
export interface QueuedMessage {
  readonly id: string
  readonly number: number
  readonly bad: boolean
  readonly attempt: number
  /** Of dead letters. */
  readonly reason: string | undefined
}

export interface QueueState extends PanelBase {
  readonly panel: 'queue'
  readonly ready: number
  readonly delayed: number
  readonly leased: number
  readonly dead: number
  /** The first ones of those that are ready, and of the dead letters. */
  readonly next: readonly QueuedMessage[]
  readonly deadLetters: readonly QueuedMessage[]
  /** Confirmed by receipts, by all senders so far. */
  readonly sent: number
  /** Handled and acknowledged, by all receivers so far. */
  readonly handled: number
  readonly failed: number
  readonly handling: number | undefined
  readonly receiverPace: Pace
  readonly loss: Loss | undefined
}

export interface RacesState extends PanelBase {
  readonly panel: 'races'
  readonly race: RaceState
  readonly look: LookState
}

/** Two processes that count with one counter. */
export interface RaceState {
  readonly guard: RaceGuard
  readonly running: boolean
  /** Increments that each should make, and has made. */
  readonly goal: number
  readonly done: readonly [number, number]
  /** What the counter says. */
  readonly counter: number
  readonly seconds: number | undefined
}

/** One process reads what another one writes. */
export interface LookState {
  readonly guard: ValueGuard
  readonly running: boolean
  readonly goal: number
  readonly looks: number
  readonly writes: number
  readonly torn: number
  /** The last value that was torn. */
  readonly sample: readonly number[] | undefined
}

export interface TransportsState extends PanelBase {
  readonly panel: 'transports'
  readonly known: readonly { readonly id: string; readonly label: string }[]
  readonly running: { readonly transport: string; readonly bytes: number } | undefined
  readonly points: readonly SweepPoint[]
  readonly failures: readonly { readonly transport: string; readonly message: string }[]
}

/** Throughput of one transport with messages of one size. */
export interface SweepPoint {
  readonly transport: string
  readonly bytes: number
  readonly messagesPerSecond: number
  readonly megabytesPerSecond: number
  /** Both sides have the same digest of everything. */
  readonly intact: boolean
}
