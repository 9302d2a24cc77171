import type { Codec } from '@ipc/core'
import type { EnvelopeKind } from './envelope.js'

/** Messages that travel in one post. */
export interface Batch {
  readonly kind: EnvelopeKind & ('clones' | 'bytes')
  /** What comes after the id in the envelope. */
  readonly payload: readonly unknown[]
  readonly transfer: readonly object[] | undefined
  readonly messages: number
  /** Bytes with overhead: what it takes of the credit. */
  readonly cost: number
  /** The same messages in a batch each, for when they cannot be posted together; empty where that would not help. */
  singly(): readonly Batch[]
}

/** The half of a codec that sends. */
export type Encoder<Out> = Pick<Codec<never, Out>, 'name' | 'sizeOf' | 'encode'>

/** Collects messages for the next batch. */
export interface Packer<Out> {
  readonly messages: number
  readonly cost: number
  /**
   * Copy or encode one more message; returns its bytes. When it throws, nothing has changed.
   *
   * @throws IpcError `IPC_MESSAGE_TOO_LARGE`, `IPC_NOT_SUPPORTED`; TypeError for what cannot be carried.
   */
  add(message: Out, transfer: readonly object[] | undefined): number
  /** What was collected; collecting begins anew. */
  take(): Batch
}
