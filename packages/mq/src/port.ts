import type { IpcError, Peer } from '@ipc/core'

/** How a {@link PortLike} reports. */
export interface PortEvents {
  message(message: unknown): void
  /** A message could not be deserialized; whose it was is not known. */
  garbled(cause: unknown): void
  /** The other end is gone: nothing comes any more. */
  lost(error: IpcError): void
}

/** How the two sides of a port prove to each other that they live, where the port itself does not tell of an end. */
export interface PortLife {
  /** What the other side can watch; `undefined` if there is nothing. */
  own(): Promise<string | undefined>
  /** Have `ended` called when whoever gave that name is gone. Returns what stops it. */
  watch(name: string, ended: () => void): () => void
}

/**
 * One end of something that carries structured values both ways, in order: the only thing that the rest of this
 * package knows about ports, workers and processes.
 */
export interface PortLike {
  /** What is known of the other side. */
  readonly peer: Pick<Peer, 'pid' | 'threadId'>
  /** Values travel by structured clone; `false`: what travels has to be bytes or JSON. */
  readonly clones: boolean
  /** Where the port does not tell that the other side is gone. */
  readonly life?: PortLife | undefined
  /** Begin to report. A port that is lost already reports that too, but not before this returns. */
  attach(events: PortEvents): void
  /** Undo all that `attach` did; the port goes on existing. */
  detach(): void
  /**
   * Hand a message to the other side. The loss of the other side is reported by `lost` and no reason to throw.
   *
   * @param written - Called once the message is out of this process's hands.
   * @throws whatever the port throws for a message that it cannot serialize.
   */
  post(message: unknown, transfer: readonly object[] | undefined, written?: () => void): void
  /** Let the attached port keep the process alive, as it does after `attach`. */
  ref(): void
  unref(): void
}
